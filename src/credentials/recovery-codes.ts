import { hash, randomInt } from 'node:crypto'
import type { Knex } from 'knex'
import { oneAtATime } from '../database/one-at-a-time.ts'
import type { SecondFactors } from './second-factors.ts'
import { typedCode } from './typed-code.ts'

export type RecoveryCodes = {
  /** New codes in place of all earlier ones. They are shown this one time. */
  renew(personId: string): Promise<readonly string[]>
  /** Uses a code up. True for exactly one caller, however many race. */
  redeem(personId: string, code: string): Promise<boolean>
  /** How many are left. */
  left(personId: string): Promise<number>
  remove(personId: string): Promise<void>
}

/** Where a kind of people keeps its recovery codes. */
export type RecoveryCodeTable = { readonly name: string; readonly personColumn: string }

const COUNT = 10
/** Sixteen of 31 characters are 79 bits: a plain digest of one is not guessed. */
const LENGTH = 16
/** Without what is easily misread. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Codes on paper for a person whose authenticator app is lost: each works once in place of a code of the app. */
export function createRecoveryCodes({
  knex,
  table: { name, personColumn },
}: {
  readonly knex: Knex
  readonly table: RecoveryCodeTable
}): RecoveryCodes {
  const of = (personId: string, connection: Knex = knex) => connection(name).where({ [personColumn]: personId })
  return {
    async renew(personId) {
      const codes = Array.from({ length: COUNT }, newCode)
      await knex.transaction(async (transaction) => {
        // Of two sets that are made at once, one stays.
        await oneAtATime(transaction, `${name} ${personId}`)
        await of(personId, transaction).delete()
        await transaction(name).insert(codes.map((code) => ({ [personColumn]: personId, sha256: digest(code) })))
      })
      return codes
    },
    redeem: async (personId, code) =>
      (await of(personId)
        .andWhere({ sha256: digest(code) })
        .delete()) === 1,
    async left(personId) {
      const row = await of(personId).count<{ count: string }[]>('* as count').first()
      return Number(row?.count ?? 0)
    },
    async remove(personId) {
      await of(personId).delete()
    },
  }
}

/** Second factors whose codes may be recovery codes as well. Without the factor they are worth nothing. */
export function withRecoveryCodes(
  factors: Pick<SecondFactors, 'isRequired' | 'redeem'>,
  recoveryCodes: Pick<RecoveryCodes, 'redeem'>,
): Pick<SecondFactors, 'isRequired' | 'redeem'> {
  return {
    isRequired: factors.isRequired,
    async redeem(personId, code) {
      if (/^\d{6}$/.test(typedCode(code))) return factors.redeem(personId, code)
      return (await factors.isRequired(personId)) && (await recoveryCodes.redeem(personId, code))
    },
  }
}

/** Four groups of four, to be read from paper. */
function newCode(): string {
  const letters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-')
}

function digest(code: string): string {
  return hash('sha256', typedCode(code), 'base64url')
}
