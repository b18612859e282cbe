import { createHmac } from 'node:crypto'
import type { Knex } from 'knex'
import type { Storage } from '../../storage/storage.ts'
import { creationOptions, requestOptions } from './ceremony-options.ts'
import { type Ceremony, createChallenges } from './challenges.ts'
import { providerName } from './known-providers.ts'
import { createPasskeyRows, MOST_PASSKEYS, type Passkey } from './passkey-rows.ts'
import { readAssertion, readAttestation } from './presented.ts'
import type { RelyingParty } from './relying-party.ts'
import { verifyAssertion } from './verify-assertion.ts'
import { verifyRegistration } from './verify-registration.ts'

/** Why a passkey was refused. For the audit trail; callers are not told. */
export type AssertionRefusal =
  | 'malformed'
  | 'challenge'
  | 'unknown'
  | 'not-verified'
  | 'other-owner'
  | 'backup-changed'
  | 'counter-went-back'

/** A passkey whose holder was there, or why it does not count. */
export type Asserted =
  /** The caller that goes on with it must call `noteUse`: what was removed meanwhile, or copied, shows only there. */
  | {
      readonly outcome: 'asserted'
      readonly passkey: Passkey
      /** Its counter did not go on: it may have been copied. One that is on one device is refused by `noteUse`. */
      readonly isCounterBehind: boolean
      readonly noteUse: () => Promise<boolean>
    }
  | {
      readonly outcome: 'refused'
      readonly reason: AssertionRefusal
      readonly passkey?: Passkey
      /** As it was presented, when we do not have it: its authenticator can be told. */
      readonly unknownId?: string
    }

/** A new passkey, or why there is none. */
export type Registered =
  | { readonly outcome: 'registered'; readonly passkey: Passkey }
  | { readonly outcome: 'refused'; readonly reason: 'malformed' | 'challenge' | 'not-verified' | 'taken' | 'too-many' }

/** Of a person whom a passkey is made for. */
export type PasskeyPerson = { readonly id: string; readonly email: string; readonly displayName?: string | undefined }

export type Passkeys = ReturnType<typeof createPasskeys>

export type PasskeysDeps = {
  readonly knex: Knex
  readonly storage: Pick<Storage, 'putOnce'>
  readonly relyingParty: RelyingParty
  /** A secret of this deployment: of challenges, and of what authenticators call people. */
  readonly key: string
}

/** Passkeys of people: made, used, listed and removed. */
export function createPasskeys({ knex, storage, relyingParty, key }: PasskeysDeps) {
  const rows = createPasskeyRows({ knex })
  const challenges = createChallenges({ storage, key })
  /** Opaque, and the same for all passkeys of a person, so that an authenticator keeps one for each account. */
  const handleOf = (personId: string) =>
    createHmac('sha256', key).update(`passkey user\n${personId}`).digest('base64url')

  return {
    relyingParty,
    handleOf,
    list: rows.list,
    rename: rows.rename,
    remove: rows.remove,
    removeBy: rows.removeBy,

    /** What the browser is asked to prove at this place. */
    requestOptions: (place: string) => requestOptions(relyingParty, challenges.issue('sign-in', place)),

    /** What the browser is asked to make for this person; `place` as for the challenge. */
    async creationOptions(ceremony: Exclude<Ceremony, 'sign-in'>, place: string, person: PasskeyPerson) {
      const owner = { userHandle: handleOf(person.id), email: person.email, displayName: person.displayName }
      const challenge = challenges.issue(ceremony, placeOf(place, person.id))
      return creationOptions(relyingParty, owner, challenge, await rows.list(person.id))
    },

    /** Adds what the browser made. */
    async register(
      ceremony: Exclude<Ceremony, 'sign-in'>,
      place: string,
      personId: string,
      json: string,
    ): Promise<Registered> {
      const presented = readAttestation(json)
      if (!presented) return { outcome: 'refused', reason: 'malformed' }
      const isRedeemed = await challenges.redeem(ceremony, placeOf(place, personId), presented.challenge)
      if (!isRedeemed) return { outcome: 'refused', reason: 'challenge' }
      const credential = await verifyRegistration(relyingParty, presented, { isUpgrade: ceremony === 'upgrade' })
      if (!credential) return { outcome: 'refused', reason: 'not-verified' }
      const passkey = await rows.add(personId, handleOf(personId), credential, providerName(credential.aaguid))
      if (passkey) return { outcome: 'registered', passkey }
      const isFull = (await rows.list(personId)).length >= MOST_PASSKEYS
      return { outcome: 'refused', reason: isFull ? 'too-many' : 'taken' }
    },

    /** Checks what the browser proved. It decides who signs in; a name that was typed does not. */
    async assert(place: string, json: string): Promise<Asserted> {
      const presented = readAssertion(json)
      if (!presented) return { outcome: 'refused', reason: 'malformed' }
      const isRedeemed = await challenges.redeem('sign-in', place, presented.challenge)
      if (!isRedeemed) return { outcome: 'refused', reason: 'challenge' }
      const passkey = await rows.find(presented.id)
      if (!passkey) return { outcome: 'refused', reason: 'unknown', unknownId: presented.id }
      const refuse = (reason: AssertionRefusal): Asserted => ({ outcome: 'refused', reason, passkey })
      if (presented.response.userHandle !== passkey.userHandle) return refuse('other-owner')
      const assertion = await verifyAssertion(relyingParty, presented, passkey)
      if (!assertion) return refuse('not-verified')
      if (assertion.isBackupEligible !== passkey.isBackupEligible) return refuse('backup-changed')
      const { signCount } = assertion
      const isCounterBehind = (signCount > 0 || passkey.signCount > 0) && signCount <= passkey.signCount
      return { outcome: 'asserted', passkey, isCounterBehind, noteUse: () => rows.use(passkey.id, assertion) }
    },
  }
}

/** How a sign-in by a passkey was done (RFC 8176): the authenticator checked the person, and keeps the key or a copy of it. */
export function methodsOf({ isBackupEligible }: Pick<Passkey, 'isBackupEligible'>): readonly string[] {
  return ['user', isBackupEligible ? 'swk' : 'hwk', 'mfa']
}

function placeOf(place: string, personId: string): string {
  return `${place}\n${personId}`
}
