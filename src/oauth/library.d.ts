/** Files of oidc-provider (pinned to one exact version) that have no published types. */
type LibraryMiddleware = (ctx: import('oidc-provider').KoaContextWithOIDC, next: () => Promise<void>) => unknown

declare module 'oidc-provider/lib/actions/end_session.js' {
  /** The last one asks, or has a script send the answer where there is no session. */
  export const init: LibraryMiddleware[]
  /** The last one ends the session. */
  export const confirm: readonly LibraryMiddleware[]
}

declare module 'oidc-provider/lib/actions/introspection.js' {
  const steps: LibraryMiddleware[]
  export default steps
}

declare module 'oidc-provider/lib/actions/revocation.js' {
  const steps: LibraryMiddleware[]
  export default steps
}

declare module 'oidc-provider/lib/actions/authorization/index.js' {
  /** The steps of an endpoint, one list for all providers. */
  export default function authorizationSteps(endpoint: string): LibraryMiddleware[]
}

declare module 'oidc-provider/lib/actions/authorization/scopes.js' {
  export const checkScope: LibraryMiddleware
  export const checkOpenidScope: LibraryMiddleware
}

declare module 'oidc-provider/lib/shared/check_resource.js' {
  const checkResource: LibraryMiddleware
  export default checkResource
}

declare module 'oidc-provider/lib/actions/token.js' {
  const steps: LibraryMiddleware[]
  export default steps
}

declare module 'oidc-provider/lib/shared/client_auth.js' {
  const steps: LibraryMiddleware[]
  export default steps
}

declare module 'oidc-provider/lib/shared/reject_structured_tokens.js' {
  const rejectStructuredTokens: LibraryMiddleware
  export default rejectStructuredTokens
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  export default function instance(provider: import('oidc-provider').Provider): {
    readonly router: { match(method: string, path: string): object | undefined }
  }
}

declare module 'oidc-provider/lib/helpers/grant_common.js' {
  import type { AccessToken, Grant, KoaContextWithOIDC, Provider } from 'oidc-provider'

  export function issueIdToken(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    source: {
      scopes: Set<string>
      scope?: string
      claims?: unknown
      acr?: string
      amr?: string[]
      authTime?: number
      nonce?: string
      sid?: string
    },
    at: AccessToken,
    grant: Grant,
    scopeOverride?: Set<string>,
  ): Promise<string | undefined>
}
