import type { Answer } from '../answers/style.ts'
import type { Access } from '../claims.ts'
import type { ResourceServer } from '../resource-server.ts'
import { metadataAnswer, needsOf, type Wanted } from './needs.ts'

export type FetchHandler = (request: Request) => Promise<Response>

/** Handlers of the Fetch API (Hono, Next.js, Deno, Bun, `@hono/node-server`): `protect(rules, handle)`. */
export function fetchProtection(server: ResourceServer) {
  return {
    protect(wanted: Wanted, handle: (request: Request, access: Access) => Response | Promise<Response>): FetchHandler {
      const needs = needsOf(wanted)
      return async function checkAccessToken(request) {
        const admission = await server.admit(request, needs)
        if (!admission.isAdmitted) return responseOf(admission.answer)
        const response = await handle(request, admission.access)
        const more = Object.entries(admission.headers)
        if (more.length === 0) return response
        const headers = new Headers(response.headers)
        for (const [name, value] of more) headers.set(name, value)
        return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
      }
    },

    /** Serves the service's metadata at `server.metadata.path`. */
    metadata(): FetchHandler {
      const answer = metadataAnswer(server)
      return async () => responseOf(answer)
    },
  }
}

/** A refusal as a response. */
export function responseOf({ status, headers, body }: Answer): Response {
  return new Response(body === '' ? null : body, { status, headers })
}
