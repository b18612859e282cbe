import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'

/** Takes lists out of the server's metadata that name nothing: the library says so of what it could do with other keys. */
export function trimMetadata(): Middleware {
  return async function trim(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route !== 'discovery' || ctx.status !== 200) return
    const { body } = ctx as { body: Record<string, unknown> } // as the library's discovery writes it
    ctx.body = Object.fromEntries(Object.entries(body).filter(([, value]) => !Array.isArray(value) || value.length > 0))
  }
}
