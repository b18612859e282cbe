import type { Ceremony } from '../../credentials/passkeys/challenges.ts'
import type { Passkey } from '../../credentials/passkeys/passkey-rows.ts'
import type { PasskeyPerson, Passkeys, Registered } from '../../credentials/passkeys/passkeys.ts'
import { isPlain } from '../../plain-text.ts'
import { type Customer, fullName } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { type LetterKind, languagesFor, type PostLetter } from '../recovery/recovery-letters.ts'
import type { WaysIn } from '../ways-in.ts'

/** Of a page, for the letter that tells of a change. */
type Languages = readonly string[]

/** Which form a new passkey came by. */
export type AddedAt = {
  readonly ceremony: Exclude<Ceremony, 'sign-in'>
  readonly place: string
  readonly languages: Languages
}

export type CustomerPasskeys = ReturnType<typeof createCustomerPasskeys>

/** A change of a customer's passkeys, for the audit trail. */
export type PasskeyChange = {
  readonly type: 'passkey.added' | 'passkey.removed'
  readonly customerId: string
  readonly reason: string
}

export type CustomerPasskeysDeps = {
  readonly passkeys: Passkeys
  readonly directory: Pick<Directory, 'findById'>
  readonly waysIn: WaysIn
  readonly postLetter: PostLetter
  readonly note: (change: PasskeyChange) => void
  /** Ends every session and token of the customer. */
  readonly endSignIns: (customerId: string) => Promise<void>
}

const MAX_NAME_LENGTH = 60

/** What customers and operators do with passkeys. The customer is told by mail of each that comes or goes. */
export function createCustomerPasskeys(deps: CustomerPasskeysDeps) {
  const { passkeys, directory, waysIn, postLetter, note, endSignIns } = deps

  function tell(kind: LetterKind, customerId: string, languages: Languages): void {
    postLetter(async () => {
      const customer = await directory.findById(customerId)
      if (!customer?.emailVerified || customer.status === 'anonymised') return undefined
      const { email: to, locale, givenName } = customer
      return {
        kind,
        to,
        languages: languagesFor(locale, languages),
        ...(givenName !== undefined && { givenName }),
        ...(kind === 'passkey-added' && { path: '/recovery' }),
      }
    })
  }

  function toldRemoved(removed: readonly Passkey[], reason: string, languages: Languages): void {
    for (const { personId: customerId } of removed) note({ type: 'passkey.removed', customerId, reason })
    const [first] = removed
    if (first) tell('passkey-removed', first.personId, languages)
  }

  return {
    list: passkeys.list,

    /** What a page hands to the browser, for one more passkey. */
    creationOptions: (ceremony: Exclude<Ceremony, 'sign-in'>, place: string, customer: Customer) =>
      passkeys.creationOptions(ceremony, place, personOf(customer)),

    /** Adds what the browser made; `place` as for its options. */
    async add(
      { id: customerId }: Pick<Customer, 'id'>,
      json: string,
      { ceremony, place, languages }: AddedAt,
    ): Promise<Registered> {
      const registered = await passkeys.register(ceremony, place, customerId, json)
      if (registered.outcome === 'registered') {
        const reason = ceremony === 'upgrade' ? 'made by the browser after a sign-in by password' : 'by the customer'
        note({ type: 'passkey.added', customerId, reason })
        tell('passkey-added', customerId, languages)
      }
      return registered
    },

    /** A name is one line that cannot rearrange what stands around it. */
    async rename(customerId: string, id: string, name: string): Promise<'renamed' | 'no-name' | 'unknown'> {
      const trimmed = [...name.trim()].slice(0, MAX_NAME_LENGTH).join('')
      if (trimmed === '' || !isPlain(trimmed)) return 'no-name'
      return (await passkeys.rename(customerId, id, trimmed)) ? 'renamed' : 'unknown'
    },

    /** For the customer: never the last way in. */
    async remove(customerId: string, id: string, languages: Languages): Promise<'removed' | 'unknown' | 'last-way-in'> {
      const removed = await waysIn.takeAway(customerId, { kind: 'passkey', id }, (transaction) =>
        passkeys.remove(customerId, [id], transaction),
      )
      if (removed === 'last-way-in') return removed
      toldRemoved(removed, 'by the customer', languages)
      return removed.length > 0 ? 'removed' : 'unknown'
    },

    /** For operators, whom the admin API audits. They may remove the last one: a new password by mail is always there. */
    async removeFor(customerId: string, id: string): Promise<boolean> {
      const removed = await passkeys.removeBy('admin', customerId, [id])
      if (removed.length > 0) tell('passkey-removed', customerId, [])
      return removed.length > 0
    },

    /** After a recovery: those that the customer does not know are gone, with what they signed in until then. */
    async keepOnly(customerId: string, ids: readonly string[], languages: Languages): Promise<void> {
      const strange = (await passkeys.list(customerId)).filter(({ id }) => !ids.includes(id)).map(({ id }) => id)
      if (strange.length === 0) return
      toldRemoved(await passkeys.remove(customerId, strange), 'not kept at a password recovery', languages)
      await endSignIns(customerId)
    },

    /** What the browser may tell the password manager about this customer (WebAuthn §5.1.10). Only for them to see. */
    async signals({ id: customerId, ...customer }: Customer) {
      const { relyingParty, handleOf, list } = passkeys
      const about = { rpId: relyingParty.id, userId: handleOf(customerId) }
      const { email: name, displayName = '' } = personOf({ id: customerId, ...customer })
      return {
        signalAllAcceptedCredentials: {
          ...about,
          allAcceptedCredentialIds: (await list(customerId)).map(({ credentialId }) => credentialId),
        },
        signalCurrentUserDetails: { ...about, name, displayName },
      }
    },
  }
}

function personOf(customer: Customer): PasskeyPerson {
  return { id: customer.id, email: customer.email, displayName: fullName(customer) }
}
