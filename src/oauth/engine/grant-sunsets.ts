import type { Middleware } from 'koa'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { requestState } from '../../http/request-state.ts'
import { announceSunset, isOver, sunsetOn } from '../../http/sunset.ts'

/** Where people go on who signed in by an ended grant type. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  password: 'send people to the authorization endpoint and use authorization_code with PKCE',
}

/** What ends for every client. */
export type GrantEnds = {
  /** The first day (UTC) without the password grant. */
  readonly passwordDay?: string | undefined
  /** Where developers read what to do instead. */
  readonly page?: string | undefined
}

const endsOf = new WeakMap<object, GrantEnds>()

/** Tells the steps of the token endpoint, which are the same for all providers, what ends at this one. */
export function useGrantEnds(provider: Provider, ends: GrantEnds): void {
  endsOf.set(provider, ends)
}

/** The grant types that have ended for every client. */
export function endedGrants({ passwordDay }: GrantEnds): readonly string[] {
  const sunset = passwordDay === undefined ? undefined : sunsetOn(passwordDay)
  return sunset && isOver(sunset) ? ['password'] : []
}

/** Takes them out of the server's metadata: clients read there what they may ask for. */
export function hideEndedGrants(ends: GrantEnds): Middleware {
  return async function hideEnded(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route !== 'discovery' || ctx.status !== 200) return
    const ended = endedGrants(ends)
    const { body } = ctx as { body: { grant_types_supported: readonly string[] } } // as the library's discovery writes it
    body.grant_types_supported = body.grant_types_supported.filter((name) => !ended.includes(name))
  }
}

/**
 * A step of the token endpoint: says when the grant type ends, for the client (`grants_sunset`) or for all (PASSWORD_GRANT_SUNSET),
 * and refuses it from that day on (RFC 6749 §5.2: `unauthorized_client`, `unsupported_grant_type`). Tokens from before live out their time.
 */
export async function refuseEndedGrants(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const grantType = String(ctx.oidc.params?.grant_type)
  const ends = endsOf.get(ctx.oidc.provider) ?? {}
  // Checked when the client was stored.
  const sunsets = ctx.oidc.client?.grants_sunset as Record<string, string> | undefined
  const ownDay = sunsets && Object.hasOwn(sunsets, grantType) ? sunsets[grantType] : undefined
  const commonDay = grantType === 'password' ? ends.passwordDay : undefined
  const [day] = [ownDay, commonDay].filter((each) => each !== undefined).sort()
  const sunset = day === undefined ? undefined : sunsetOn(day)
  if (sunset) {
    announceSunset(ctx, sunset, ends.page)
    if (isOver(sunset)) {
      requestState(ctx).grantHasEnded = true
      const wayOut = WAYS_OUT[grantType] ?? 'the server metadata list the others'
      const isForAll = endedGrants(ends).includes(grantType)
      const description = `the grant type ${grantType} ended ${isForAll ? '' : 'for this client '}on ${day}: ${wayOut}`
      if (!isForAll) throw new errors.UnauthorizedClient(description)
      throw Object.assign(new errors.UnsupportedGrantType(), { error_description: description })
    }
  }
  await next()
}
