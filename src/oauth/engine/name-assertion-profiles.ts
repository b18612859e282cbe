import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { kindsIn } from '../../issuers/registry.ts'
import { JWT_BEARER_GRANT } from '../assertions/jwt-bearer.ts'

const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag'

/**
 * The server's metadata name the grant type for assertions where there is an issuer of them, and the profile for those of companies
 * where there is one; who the issuers are is not said.
 */
export function nameAssertionProfiles(issuerKinds: () => string): Middleware {
  return async function nameProfiles(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route !== 'discovery' || ctx.status !== 200) return
    const kinds = kindsIn(issuerKinds())
    const { body } = ctx as { body: { grant_types_supported: readonly string[] } } // as the library's discovery writes it
    if (kinds.size === 0)
      body.grant_types_supported = body.grant_types_supported.filter((name) => name !== JWT_BEARER_GRANT)
    if (kinds.has('id-jag')) Object.assign(body, { authorization_grant_profiles_supported: [ID_JAG_PROFILE] })
  }
}
