import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * Takes lists out of the server's metadata that name nothing: the library says so of what it could do with other keys. It says as well
 * that user codes are taken (CIBA Core §4), whatever our check of them does.
 */
export function trimMetadata(): Middleware {
  return async function trim(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route !== 'discovery' || ctx.status !== 200) return
    const { body } = ctx as { body: Record<string, unknown> } // as the library's discovery writes it
    const said = Object.entries(body).filter(([, value]) => !Array.isArray(value) || value.length > 0)
    ctx.body = { ...Object.fromEntries(said), backchannel_user_code_parameter_supported: false }
  }
}
