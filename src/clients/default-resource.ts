import type { Knex } from 'knex'

/**
 * Registers the resource server of requests that name none, where it is missing: JWTs, also for machines, and no scopes of
 * its own yet. An operator's changes to it stay.
 */
export async function ensureDefaultResource(knex: Knex, identifier: string): Promise<void> {
  const settings = { scopes: [], format: 'jwt', hasMachineTokens: true }
  await knex('resource_servers')
    .insert({ identifier, settings: JSON.stringify(settings) })
    .onConflict('identifier')
    .ignore()
}
