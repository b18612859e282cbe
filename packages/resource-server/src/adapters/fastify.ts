import type { Answer } from '../answers/style.ts'
import type { NodeRequest } from '../incoming.ts'
import type { ResourceServer } from '../resource-server.ts'
import { rememberAccess } from './accesses.ts'
import { metadataAnswer, needsOf, type Wanted } from './needs.ts'

/** Fastify's request and reply; only what is used here. */
export type FastifyRequestLike = { readonly raw: NodeRequest; readonly originalUrl: string }
export type FastifyReplyLike = {
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
  send(body?: string): unknown
}

export type FastifyHook = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>

/** Fastify hooks: `{ onRequest: protect(rules) }` lets requests through that may pass; `accessOf(request)` says who calls. */
export function fastifyProtection(server: ResourceServer) {
  return {
    protect(wanted?: Wanted): FastifyHook {
      const needs = needsOf(wanted)
      return async function checkAccessToken(request, reply) {
        const { method, headers, rawHeaders, socket } = request.raw
        const incoming = { method, headers, rawHeaders, socket, originalUrl: request.originalUrl }
        const admission = await server.admit(incoming, needs)
        if (!admission.isAdmitted) return send(reply, admission.answer)
        reply.headers({ ...admission.headers })
        rememberAccess(request, admission.access)
        return undefined
      }
    },

    /** Serves the service's metadata: `app.get(server.metadata.path, metadata())`. */
    metadata(): FastifyHook {
      const answer = metadataAnswer(server)
      return async (_request, reply) => send(reply, answer)
    },
  }
}

function send(reply: FastifyReplyLike, { status, headers, body }: Answer): FastifyReplyLike {
  reply.code(status)
  reply.headers({ ...headers })
  reply.send(body)
  return reply
}

export { accessOf } from './accesses.ts'
