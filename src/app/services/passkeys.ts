import { isIP } from 'node:net'
import type { Config } from '../../config.ts'
import { createPasskeys, type Passkeys } from '../../credentials/passkeys/passkeys.ts'
import type { RelyingParty } from '../../credentials/passkeys/relying-party.ts'
import type { Directory } from '../../customers/directory.ts'
import { type CustomerPasskeys, createCustomerPasskeys } from '../../customers/passkeys/customer-passkeys.ts'
import { createPasskeySignIn } from '../../customers/passkeys/passkey-sign-in.ts'
import type { WaysIn } from '../../customers/ways-in.ts'
import { watchPasskeyLogins } from '../../oauth/accounts/watch-logins.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { Backends } from '../backends.ts'
import { createPostLetter } from './recovery.ts'

/** What the pages and operators do with passkeys. */
export type PasskeyServices = {
  readonly passkeys: Passkeys
  readonly ofCustomers: CustomerPasskeys
  readonly signIn: ReturnType<typeof watchPasskeyLogins>
}

type PasskeyBackends = Pick<
  Backends,
  'branding' | 'database' | 'storage' | 'digestKey' | 'mailer' | 'auditTrail' | 'metrics'
>

type PasskeyServicesDeps = {
  readonly directory: Directory
  readonly waysIn: WaysIn
  readonly endSignIn: EndSignIn
}

/** Undefined where there are no passkeys: they are switched off, or the issuer has no domain. */
export function createPasskeyServices(
  config: Config,
  { branding, database: { knex }, storage, digestKey: key, mailer, auditTrail, metrics }: PasskeyBackends,
  { directory, waysIn, endSignIn }: PasskeyServicesDeps,
): PasskeyServices | undefined {
  const relyingParty = relyingPartyOf(config)
  if (!relyingParty) return undefined
  const passkeys = createPasskeys({ knex, storage, relyingParty, key })
  return {
    passkeys,
    ofCustomers: createCustomerPasskeys({
      passkeys,
      directory,
      waysIn,
      postLetter: createPostLetter(branding, mailer),
      note: auditTrail.append,
      endSignIns: (id) => endSignIn({ what: { of: 'customer', id }, why: 'passkey-removed' }),
    }),
    signIn: watchPasskeyLogins(createPasskeySignIn({ passkeys, directory }), auditTrail.append, metrics),
  }
}

/** Who we are to authenticators, by the settings; a domain it must be. */
export function relyingPartyOf({
  ISSUER,
  PASSKEY_RP_ID,
  PASSKEY_ORIGINS,
}: Pick<Config, 'ISSUER' | 'PASSKEY_RP_ID' | 'PASSKEY_ORIGINS'>): RelyingParty | undefined {
  const { hostname, origin } = new URL(ISSUER)
  const id = PASSKEY_RP_ID ?? hostname
  if (id === 'none' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return undefined
  return { id, name: id, origins: [origin, ...PASSKEY_ORIGINS] }
}
