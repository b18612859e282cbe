import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'

/** The id of the generation that the first boot makes; whichever node is first, the others read its value. */
const FIRST = 'first'

/**
 * A secret this deployment made for itself, the same on every node: the first node to ask makes it.
 *
 * @returns 32 random bytes in base64url.
 */
export async function serverSecret(knex: Knex, name: string): Promise<string> {
  await knex('server_secrets').insert({ name, id: FIRST, value: newSecret() }).onConflict(['name', 'id']).ignore()
  const row = await knex<{ name: string; id: string; value: string }>('server_secrets')
    .where({ name, id: FIRST })
    .first()
  if (!row) throw new Error(`the secret ${name} could not be stored`)
  return row.value
}

/** Puts one new value in the place of all generations of a secret; what was made with any of them is refused. */
export async function replaceServerSecret(knex: Knex, name: string): Promise<void> {
  await knex.transaction(async (transaction) => {
    await transaction('server_secrets').where({ name }).whereNot({ id: FIRST }).delete()
    await transaction('server_secrets')
      .where({ name, id: FIRST })
      .update({ value: newSecret(), created_at: transaction.fn.now() })
  })
}

/** 32 random bytes in base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** True until `settle` was called once: the first boot, also one that was cut off and is made again. */
export async function isNewInstallation(knex: Knex): Promise<boolean> {
  return (await knex('server_secrets').where({ name: 'installation' }).first()) !== undefined
}

export async function settleInstallation(knex: Knex): Promise<void> {
  await knex('server_secrets').where({ name: 'installation' }).delete()
}
