import type { Access } from '../claims.ts'
import type { NodeRequest } from '../incoming.ts'
import type { ResourceServer } from '../resource-server.ts'
import { rememberAccess } from './accesses.ts'
import { metadataAnswer, needsOf, type Wanted } from './needs.ts'
import { type NodeResponse, sendNode } from './node-answer.ts'

export type ExpressHandler = (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => void

declare global {
  namespace Express {
    interface Request {
      /** Who calls: set by `protect`. */
      access?: Access
    }
  }
}

/** Express middleware: `protect(rules)` lets requests through that may pass, with `request.access`. */
export function expressProtection(server: ResourceServer) {
  return {
    protect(wanted?: Wanted): ExpressHandler {
      const needs = needsOf(wanted)
      return function checkAccessToken(request, response, next) {
        server
          .admit(request, needs)
          .then((admission) => {
            if (!admission.isAdmitted) return sendNode(response, admission.answer)
            for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value)
            rememberAccess(request, admission.access)
            Object.assign(request, { access: admission.access })
            return next()
          })
          .catch(next)
      }
    },

    /** Serves the service's metadata: `app.get(server.metadata.path, metadata())`. */
    metadata(): ExpressHandler {
      const answer = metadataAnswer(server)
      return (_request, response) => sendNode(response, answer)
    },
  }
}

export { accessOf } from './accesses.ts'
