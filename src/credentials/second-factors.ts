import type { Knex } from 'knex'
import { changesBy } from '../database/change-notes/change-actor.ts'
import { newTotp, timeStepOf } from './totp.ts'

/** What keeps secrets unreadable in the database. `id` says whose it is: a sealed secret opens for no other person. */
export type Sealing = {
  seal(id: string, plaintext: string): object
  /** @throws when it was sealed under a secret that is not at hand, or was changed since. */
  open(id: string, sealed: object): string
}

export type SecondFactors = {
  /** A secret that counts once it is confirmed. It is shown this one time. Undefined when there is a confirmed one. */
  enrol(person: { readonly id: string; readonly email: string }): Promise<{ secret: string; uri: string } | undefined>
  /** The person's app is right: from now on nothing without a code. False for a wrong code. */
  confirm(personId: string, code: string): Promise<boolean>
  /**
   * Makes a secret that was shown before the person's factor, if the code is of it. False for a wrong code, and for a person who has
   * a factor.
   */
  adopt(personId: string, secret: string, code: string): Promise<boolean>
  /** `by` is who takes it away, where it is not the person. */
  remove(personId: string, by?: string): Promise<boolean>
  /** True when a password alone no longer lets this person in. */
  isRequired(personId: string): Promise<boolean>
  /** Uses a code up. True for exactly one caller, however many race; a code older than the last one is no code. */
  redeem(personId: string, code: string): Promise<boolean>
  /** Seals every secret anew, so that an earlier key can be forgotten. */
  reseal(): Promise<void>
  /** The ids of those who have one. */
  owners(): Promise<ReadonlySet<string>>
}

type Row = {
  readonly person_id: string
  readonly sealed_secret: object
  readonly confirmed_at: Date | null
}

/** Where a kind of people keeps its second factors. */
export type SecondFactorTable = { readonly name: string; readonly personColumn: string }

/** Time-based codes (RFC 6238) beside the passwords of one kind of people. */
export function createSecondFactors({
  knex,
  table,
  sealing,
  issuer,
}: {
  readonly knex: Knex
  readonly table: SecondFactorTable
  readonly sealing: Sealing
  /** The name an authenticator app shows. */
  readonly issuer: string
}): SecondFactors {
  const { name, personColumn } = table
  const factors = () => knex(name)
  const of = (personId: string) => factors().where({ [personColumn]: personId })
  const columns = { person_id: personColumn, sealed_secret: 'sealed_secret', confirmed_at: 'confirmed_at' }
  const find = async (personId: string): Promise<Row | undefined> => of(personId).first(columns)

  /** One statement decides who was first, and leaves the secret sealed as new ones are. */
  async function use(row: Row, code: string): Promise<boolean> {
    const secret = sealing.open(row.person_id, row.sealed_secret)
    const step = await timeStepOf(secret, code)
    if (step === undefined) return false
    const used = await of(row.person_id)
      .andWhere('last_time_step', '<', step)
      // A person who enrolled anew meanwhile has another secret, which must not be overwritten.
      .whereRaw('sealed_secret = ?::jsonb', [JSON.stringify(row.sealed_secret)])
      .update({
        last_time_step: step,
        sealed_secret: JSON.stringify(sealing.seal(row.person_id, secret)),
        confirmed_at: knex.raw('coalesce(confirmed_at, now())'),
      })
    return used === 1
  }

  return {
    async enrol({ id, email }) {
      const totp = newTotp(issuer, email)
      const sealed = JSON.stringify(sealing.seal(id, totp.secret))
      const made = await factors()
        .insert({ [personColumn]: id, sealed_secret: sealed })
        .onConflict(personColumn)
        .merge({ sealed_secret: sealed, last_time_step: 0 })
        .whereNull(`${name}.confirmed_at`)
        .returning(personColumn)
      return made.length > 0 ? totp : undefined
    },
    async confirm(personId, code) {
      const row = await find(personId)
      return row?.confirmed_at === null && (await use(row, code))
    },
    async adopt(personId, secret, code) {
      const step = await timeStepOf(secret, code)
      if (step === undefined) return false
      const factor = {
        sealed_secret: JSON.stringify(sealing.seal(personId, secret)),
        last_time_step: step,
        confirmed_at: knex.fn.now(),
      }
      const adopted = await factors()
        .insert({ [personColumn]: personId, ...factor })
        .onConflict(personColumn)
        .merge(factor)
        .whereNull(`${name}.confirmed_at`)
        .returning(personColumn)
      return adopted.length > 0
    },
    async remove(personId, by) {
      if (by === undefined) return (await of(personId).delete()) > 0
      return knex.transaction(async (transaction) => {
        await changesBy(transaction, by)
        return (
          (await transaction(name)
            .where({ [personColumn]: personId })
            .delete()) > 0
        )
      })
    },
    isRequired: async (personId) => isConfirmed(await find(personId)),
    async redeem(personId, code) {
      const row = await find(personId)
      return isConfirmed(row) && (await use(row, code))
    },
    async reseal() {
      const rows: Row[] = await factors().select(columns)
      for (const { person_id: id, sealed_secret: sealed } of rows) {
        const again = JSON.stringify(sealing.seal(id, sealing.open(id, sealed)))
        // A person who enrolled anew meanwhile has another secret, which must not be overwritten.
        await of(id)
          .whereRaw('sealed_secret = ?::jsonb', [JSON.stringify(sealed)])
          .update({ sealed_secret: again })
      }
    },
    async owners() {
      const rows: Row[] = await factors().whereNotNull('confirmed_at').select(columns)
      return new Set(rows.map((row) => row.person_id))
    },
  }
}

function isConfirmed(row: Row | undefined): row is Row {
  return row !== undefined && row.confirmed_at !== null
}
