import type { Answer } from '../answers/style.ts'
import type { NodeRequest } from '../incoming.ts'
import type { ResourceServer } from '../resource-server.ts'
import { metadataAnswer, needsOf, type Wanted } from './needs.ts'

/** Koa's context; only what is used here. */
export type KoaContext = {
  readonly req: NodeRequest
  readonly originalUrl: string
  status: number
  body: unknown
  // biome-ignore lint/suspicious/noExplicitAny: Koa's own type of its state
  state: any
  set(name: string, value: string): void
}

export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<void>

/** Koa middleware: `protect(rules)` lets requests through that may pass, with `ctx.state.access`. */
export function koaProtection(server: ResourceServer) {
  return {
    protect(wanted?: Wanted): KoaMiddleware {
      const needs = needsOf(wanted)
      return async function checkAccessToken(ctx, next) {
        const admission = await server.admit(requestOf(ctx), needs)
        if (!admission.isAdmitted) return send(ctx, admission.answer)
        for (const [name, value] of Object.entries(admission.headers)) ctx.set(name, value)
        ctx.state.access = admission.access
        await next()
      }
    },

    /** Serves the service's metadata where it belongs; all other requests go on. */
    metadata(): KoaMiddleware {
      const answer = metadataAnswer(server)
      return async function serveMetadata(ctx, next) {
        if (ctx.originalUrl.split('?')[0] === server.metadata?.path) send(ctx, answer)
        else await next()
      }
    },
  }
}

/** With the address that the client asked for: koa-mount cuts the other. */
function requestOf({ req, originalUrl }: KoaContext): NodeRequest {
  const { method, headers, rawHeaders, socket } = req
  return { method, headers, rawHeaders, socket, originalUrl }
}

function send(ctx: KoaContext, { status, headers, body }: Answer): void {
  ctx.status = status
  ctx.body = body
  for (const [name, value] of Object.entries(headers)) ctx.set(name, value)
}
