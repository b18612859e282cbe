import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'

/** Adds the scopes of resource servers that software of others may ask for to the server's metadata (RFC 8414 §2). */
export function nameOfferedScopes(offeredScopes: () => Promise<readonly string[]>): Middleware {
  return async function nameScopes(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route !== 'discovery' || ctx.status !== 200) return
    const { body } = ctx as { body: { scopes_supported: readonly string[] } } // as the library's discovery writes it
    body.scopes_supported = [...new Set([...body.scopes_supported, ...(await offeredScopes())])]
  }
}
