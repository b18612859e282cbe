import type { Knex } from 'knex'
import { changesBy } from '../../database/change-notes/change-actor.ts'
import { oneAtATime } from '../../database/one-at-a-time.ts'
import { isUuid } from '../../database/uuid.ts'
import type { Assertion } from './verify-assertion.ts'
import type { NewCredential } from './verify-registration.ts'

/** A passkey of a person. */
export type Passkey = NewCredential & {
  readonly id: string
  readonly personId: string
  readonly userHandle: string
  /** What the person calls it, or who keeps it; undefined where neither is known. */
  readonly name?: string
  readonly createdAt: Date
  readonly lastUsedAt?: Date
}

/** More than a person needs; a larger number would make the browser's list of those to leave out too long. */
export const MOST_PASSKEYS = 20

export type PasskeyRows = ReturnType<typeof createPasskeyRows>

type Row = {
  readonly id: string
  readonly customer_id: string
  readonly credential_id: string
  readonly user_handle: string
  readonly public_key: string
  readonly sign_count: string
  readonly transports: readonly string[]
  readonly aaguid: string
  readonly name: string | null
  readonly is_backup_eligible: boolean
  readonly is_backed_up: boolean
  readonly is_user_verified: boolean
  readonly created_at: Date
  readonly last_used_at: Date | null
}

/** The table of passkeys. */
export function createPasskeyRows({ knex }: { readonly knex: Knex }) {
  const passkeys = () => knex<Row>('passkeys')

  return {
    /** Oldest first. */
    async list(personId: string): Promise<Passkey[]> {
      const rows = await passkeys().where({ customer_id: personId }).orderBy(['created_at', 'id'])
      return rows.map(toPasskey)
    },

    async find(credentialId: string): Promise<Passkey | undefined> {
      const row = await passkeys().where({ credential_id: credentialId }).first()
      return row && toPasskey(row)
    },

    /** Undefined, with nothing stored, where somebody has this credential already, or the person has enough. */
    async add(
      personId: string,
      userHandle: string,
      credential: NewCredential,
      name: string | undefined,
    ): Promise<Passkey | undefined> {
      return knex.transaction(async (transaction) => {
        await oneAtATime(transaction, `passkeys ${personId}`)
        const kept = await transaction('passkeys').where({ customer_id: personId }).count<{ count: string }[]>('*')
        if (Number(kept[0]?.count) >= MOST_PASSKEYS) return undefined
        const [row] = await transaction('passkeys')
          .insert({
            customer_id: personId,
            credential_id: credential.credentialId,
            user_handle: userHandle,
            public_key: credential.publicKey,
            sign_count: credential.signCount,
            transports: JSON.stringify(credential.transports),
            aaguid: credential.aaguid,
            name,
            is_backup_eligible: credential.isBackupEligible,
            is_backed_up: credential.isBackedUp,
            is_user_verified: credential.isUserVerified,
          })
          .onConflict('credential_id')
          .ignore()
          .returning<Row[]>('*')
        return row && toPasskey(row)
      })
    },

    /**
     * Notes that it was used. False when it is gone meanwhile, or when the counter of a passkey that is on one device
     * went back: then there are two of it (WebAuthn §6.1.1). One statement, so that of two copies at once one is told.
     */
    async use(id: string, { signCount, isBackedUp }: Assertion): Promise<boolean> {
      const used = await passkeys()
        .where({ id })
        .where((counter) =>
          counter
            .where('sign_count', '<', signCount)
            .orWhere((none) => none.where({ sign_count: '0' }).whereRaw('? = 0', [signCount]))
            .orWhere({ is_backup_eligible: true }),
        )
        .update({
          sign_count: knex.raw('greatest(sign_count, ?)', [signCount]),
          is_backed_up: isBackedUp,
          is_user_verified: true,
          last_used_at: knex.raw('now()'),
        })
      return used === 1
    },

    /** False where the person has no such passkey. */
    rename: async (personId: string, id: string, name: string): Promise<boolean> =>
      isUuid(id) && (await passkeys().where({ customer_id: personId, id }).update({ name })) === 1,

    /** The passkeys of the person that are gone now: of those that are named. */
    async remove(personId: string, ids: readonly string[], transaction: Knex = knex): Promise<Passkey[]> {
      const rows = await transaction<Row>('passkeys')
        .where({ customer_id: personId })
        .whereIn('id', ids.filter(isUuid))
        .delete()
        .returning<Row[]>('*')
      return rows.map(toPasskey)
    },

    /** The same, where it is not the person who removes them. */
    removeBy(by: string, personId: string, ids: readonly string[]): Promise<Passkey[]> {
      return knex.transaction(async (transaction) => {
        await changesBy(transaction, by)
        return this.remove(personId, ids, transaction)
      })
    },
  }
}

function toPasskey(row: Row): Passkey {
  return {
    id: row.id,
    personId: row.customer_id,
    credentialId: row.credential_id,
    userHandle: row.user_handle,
    publicKey: row.public_key,
    signCount: Number(row.sign_count),
    transports: row.transports,
    aaguid: row.aaguid,
    ...(row.name !== null && { name: row.name }),
    isBackupEligible: row.is_backup_eligible,
    isBackedUp: row.is_backed_up,
    isUserVerified: row.is_user_verified,
    createdAt: row.created_at,
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
  }
}
