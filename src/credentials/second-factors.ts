import type { Knex } from 'knex'
import { newTotp, timeStepOf } from './totp.ts'

/** What keeps secrets unreadable in the database. `id` says whose it is: a sealed secret opens for nobody else. */
export type Sealing = {
  seal(id: string, plaintext: string): object
  /** @throws when it was sealed under a secret that is not at hand, or was changed since. */
  open(id: string, sealed: object): string
}

export type SecondFactors = {
  /** A secret that counts once it is confirmed. It is shown this one time. Undefined when there is a confirmed one. */
  enrol(person: { readonly id: string; readonly email: string }): Promise<{ secret: string; uri: string } | undefined>
  /** The agent's app is right: from now on no token without a code. False for a wrong code. */
  confirm(agentId: string, code: string): Promise<boolean>
  remove(agentId: string): Promise<boolean>
  /** True when a password alone lets this agent in no more. */
  isRequired(agentId: string): Promise<boolean>
  /** Uses a code up. True for exactly one caller, however many race; a code older than the last one is no code. */
  redeem(agentId: string, code: string): Promise<boolean>
  /** Seals every secret anew, so that an earlier key can be forgotten. */
  reseal(): Promise<void>
  /** The ids of those who have one. */
  owners(): Promise<ReadonlySet<string>>
}

type Row = {
  readonly agent_id: string
  readonly sealed_secret: object
  readonly confirmed_at: Date | null
}

/** Time-based codes (RFC 6238) beside agents' passwords. */
export function createSecondFactors({
  knex,
  sealing,
  issuer,
}: {
  readonly knex: Knex
  readonly sealing: Sealing
  /** The name an authenticator app shows. */
  readonly issuer: string
}): SecondFactors {
  const factors = () => knex('agent_second_factors')
  const find = async (agentId: string) => (await factors().where({ agent_id: agentId }).first()) as Row | undefined

  /** One statement decides who was first, and leaves the secret sealed as new ones are. */
  async function use(row: Row, code: string): Promise<boolean> {
    const secret = sealing.open(row.agent_id, row.sealed_secret)
    const step = await timeStepOf(secret, code)
    if (step === undefined) return false
    const used = await factors()
      .where({ agent_id: row.agent_id })
      .andWhere('last_time_step', '<', step)
      // Whoever enrolled anew meanwhile has another secret, which is not to be overwritten.
      .whereRaw('sealed_secret = ?::jsonb', [JSON.stringify(row.sealed_secret)])
      .update({
        last_time_step: step,
        sealed_secret: JSON.stringify(sealing.seal(row.agent_id, secret)),
        confirmed_at: knex.raw('coalesce(confirmed_at, now())'),
      })
    return used === 1
  }

  return {
    async enrol({ id, email }) {
      const totp = newTotp(issuer, email)
      const sealed = JSON.stringify(sealing.seal(id, totp.secret))
      const made = await factors()
        .insert({ agent_id: id, sealed_secret: sealed })
        .onConflict('agent_id')
        .merge({ sealed_secret: sealed, last_time_step: 0 })
        .whereNull('agent_second_factors.confirmed_at')
        .returning('agent_id')
      return made.length > 0 ? totp : undefined
    },
    async confirm(agentId, code) {
      const row = await find(agentId)
      return row?.confirmed_at === null && (await use(row, code))
    },
    remove: async (agentId) => (await factors().where({ agent_id: agentId }).delete()) > 0,
    isRequired: async (agentId) => isConfirmed(await find(agentId)),
    async redeem(agentId, code) {
      const row = await find(agentId)
      return isConfirmed(row) && (await use(row, code))
    },
    async reseal() {
      for (const { agent_id: id, sealed_secret: sealed } of (await factors()) as Row[]) {
        const again = JSON.stringify(sealing.seal(id, sealing.open(id, sealed)))
        // Whoever enrolled anew meanwhile has another secret, which is not to be overwritten.
        await factors()
          .where({ agent_id: id })
          .whereRaw('sealed_secret = ?::jsonb', [JSON.stringify(sealed)])
          .update({ sealed_secret: again })
      }
    },
    async owners() {
      const rows = (await factors().whereNotNull('confirmed_at').select('agent_id')) as Pick<Row, 'agent_id'>[]
      return new Set(rows.map((row) => row.agent_id))
    },
  }
}

function isConfirmed(row: Row | undefined): row is Row {
  return row !== undefined && row.confirmed_at !== null
}
