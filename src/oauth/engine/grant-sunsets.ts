import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { requestState } from '../../http/request-state.ts'
import { announceSunset, isOver, sunsetOn } from '../../http/sunset.ts'

/** Where people go on who signed in by an ended grant type. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  password: 'send people to the authorization endpoint and use authorization_code with PKCE',
}

/**
 * A step of the token endpoint: says when the grant type ends for the client (`grants_sunset`), and refuses it from that day
 * on (RFC 6749 §5.2 `unauthorized_client`). Tokens from before live out their time.
 */
export async function refuseEndedGrants(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const grantType = String(ctx.oidc.params?.grant_type)
  // Checked when the client was stored.
  const sunsets = ctx.oidc.client?.grants_sunset as Record<string, string> | undefined
  const day = sunsets && Object.hasOwn(sunsets, grantType) ? sunsets[grantType] : undefined
  const sunset = day === undefined ? undefined : sunsetOn(day)
  if (sunset) {
    announceSunset(ctx, sunset)
    if (isOver(sunset)) {
      requestState(ctx).grantHasEnded = true
      const wayOut = WAYS_OUT[grantType] ?? 'the server metadata list the others'
      throw new errors.UnauthorizedClient(`the grant type ${grantType} ended for this client on ${day}: ${wayOut}`)
    }
  }
  await next()
}
