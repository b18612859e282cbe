import { Router } from '@koa/router'
import type { RelyingParty } from '../../credentials/passkeys/relying-party.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { seeOther } from '../../http/see-other.ts'

export type AccountWellKnownDeps = {
  readonly issuer: string
  /** Undefined where there are no passkeys. */
  readonly relyingParty?: RelyingParty | undefined
  /** Whether the password is changed on a page of ours. */
  readonly changesPassword: boolean
}

/**
 * What browsers and password managers ask for: where a password is changed (W3C, a well-known URL for changing passwords),
 * where passkeys are made and kept, and which other origins use them (WebAuthn §5.11). They are of the host of the issuer; where
 * the relying party's id is a parent of it, the shop forwards the two about passkeys.
 */
export function createAccountWellKnown({ issuer, relyingParty, changesPassword }: AccountWellKnownDeps): Routes {
  const router = new Router()
  const security = `${issuer}/account/security`
  if (changesPassword) router.get('/.well-known/change-password', (ctx) => seeOther(ctx, `${security}/password`))
  if (relyingParty) {
    router.get('/.well-known/passkey-endpoints', (ctx) => {
      ctx.body = { enroll: `${security}/passkey-new`, manage: security }
    })
    const related = relyingParty.origins.slice(1).filter((origin) => origin.startsWith('https:'))
    if (related.length > 0)
      router.get('/.well-known/webauthn', (ctx) => {
        ctx.body = { origins: related }
      })
  }
  return routed(router)
}
