import { errors } from 'oidc-provider'

type Asking = {
  readonly scope: unknown
  /** The client's, granted where a request names none (RFC 6749 §3.3). */
  readonly defaultScope: unknown
}

/** The scope of an authorization request: what it says, else what goes without saying for its client. */
export function scopeOrDefault({ scope, defaultScope }: Asking): string | undefined {
  const asked = typeof scope === 'string' ? scope.trim() : ''
  if (asked !== '') return asked
  return typeof defaultScope === 'string' && defaultScope !== '' ? defaultScope : undefined
}

/**
 * Refuses a request that can end in no scope, before anybody is asked to sign in for it. One that names unknown scopes beside known
 * ones goes on with those.
 *
 * @throws {InvalidScope} RFC 6749 §4.1.2.1.
 */
export function refuseNoScope(asked: Iterable<string>, isKnown: (scope: string) => boolean): void {
  const names = [...asked].filter(Boolean)
  if (names.some(isKnown)) return
  throw new errors.InvalidScope(
    names.length === 0
      ? 'the request names no scope, and the client has no default_scope'
      : 'the client can have none of the scopes at this resource',
    names.join(' '),
  )
}
