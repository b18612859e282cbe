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

declare module 'oidc-provider/lib/actions/userinfo.js' {
  /** The last one answers, after the token's client is known. */
  const steps: LibraryMiddleware[]
  export default steps
}

declare module 'oidc-provider/lib/actions/token.js' {
  const steps: LibraryMiddleware[]
  export default steps
}

declare module 'oidc-provider/lib/shared/client_auth.js' {
  const steps: LibraryMiddleware[]
  export default steps
  /** The parameters by which clients prove who they are. */
  export function getClientAuthParams(ctx: import('oidc-provider').KoaContextWithOIDC): Set<string>
}

declare module 'oidc-provider/lib/helpers/params.js' {
  /** The values of the names that are listed. */
  export default class Params {
    constructor(names: Set<string>, values: object)
  }
}

declare module 'oidc-provider/lib/shared/reject_structured_tokens.js' {
  const rejectStructuredTokens: LibraryMiddleware
  export default rejectStructuredTokens
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  type Add = (name: string, path: string, middleware: unknown) => unknown

  export default function instance(provider: import('oidc-provider').Provider): {
    readonly router: {
      match(method: string, path: string): object | undefined
      readonly post: Add
      readonly options: Add
    }
  }
}

declare module 'oidc-provider/lib/helpers/als.js' {
  /** The context of the request under way. */
  const store: { run<Result>(ctx: object, next: () => Result): Result }
  export default store
}

declare module 'oidc-provider/lib/helpers/is_valid_scope.js' {
  export default function isValidScope(scope: unknown): boolean
}

declare module 'oidc-provider/lib/actions/authorization/claims.js' {
  export const checkClaims: LibraryMiddleware
}

declare module 'oidc-provider/lib/actions/authorization/sender_constraints.js' {
  export const checkPKCE: LibraryMiddleware
}

declare module 'oidc-provider/lib/shared/assemble_params.js' {
  export default function assembleParams(
    names: ReadonlySet<string>,
    ctx: import('oidc-provider').KoaContextWithOIDC,
    next: () => Promise<void>,
  ): Promise<void>
}

declare module 'oidc-provider/lib/shared/reject_dupes.js' {
  export default function rejectDupes(
    but: { readonly except?: ReadonlySet<string> },
    ctx: import('oidc-provider').KoaContextWithOIDC,
    next: () => Promise<void>,
  ): Promise<void>
}

declare module 'oidc-provider/lib/shared/error_handler.js' {
  /** `event` is emitted for a request that is refused. */
  export default function getErrorHandler(event: string): LibraryMiddleware
}

declare module 'oidc-provider/lib/shared/no_cache.js' {
  const noCache: LibraryMiddleware
  export default noCache
}

declare module 'oidc-provider/lib/shared/selective_body.js' {
  export const urlencoded: LibraryMiddleware
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
