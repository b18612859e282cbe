import { createAgentDirectory } from './agents/directory.ts'
import { digestSecret } from './clients/secrets.ts'
import type { Passwords } from './credentials/passwords.ts'
import { createSqlDirectory } from './customers/sources/sql-directory.ts'
import type { Database } from './database/database.ts'
import { publicSecrets } from './demo.ts'

type LeftoverDeps = { readonly knex: Database['knex']; readonly passwords: Pick<Passwords, 'verify'> }

/** An account whose secret is public, because it is in the source of the demo. */
export type DemoRemain = { readonly kind: 'client' | 'customer' | 'agent'; readonly name: string; readonly id: string }

/** Clients, customers and agents that still have their demo secret. */
export async function findLeftoverDemoAccounts({ knex, passwords }: LeftoverDeps): Promise<DemoRemain[]> {
  const [customers, agents] = [createSqlDirectory({ knex }), createAgentDirectory({ knex })]
  const leftovers: DemoRemain[] = []
  for (const { clientId, secret } of publicSecrets.clients) {
    const row = await knex('client_secrets')
      .where({ client_id: clientId, sha256: digestSecret(secret) })
      .first()
    if (row) leftovers.push({ kind: 'client', name: clientId, id: clientId })
  }
  for (const { email, password } of publicSecrets.customers) {
    const found = await customers.findByLogin(email)
    if (found?.password && (await isMatch(passwords, password, found.password))) {
      leftovers.push({ kind: 'customer', name: email, id: found.customer.id })
    }
  }
  for (const { email, password } of publicSecrets.agents) {
    const found = await agents.findByLogin(email)
    if (found?.password && (await isMatch(passwords, password, found.password))) {
      leftovers.push({ kind: 'agent', name: email, id: found.person.id })
    }
  }
  return leftovers
}

/** Removes them, and leaves those alone that were given another secret; returns what went. */
export async function removeLeftoverDemoAccounts(deps: LeftoverDeps): Promise<DemoRemain[]> {
  const leftovers = await findLeftoverDemoAccounts(deps)
  await deps.knex.transaction(async (transaction) => {
    for (const { kind, id } of leftovers) {
      if (kind === 'client') await transaction('clients').where({ client_id: id }).delete()
      else
        await transaction(kind === 'customer' ? 'customers' : 'agents')
          .where({ id })
          .delete()
    }
  })
  return leftovers
}

type Stored = NonNullable<Parameters<Passwords['verify']>[1]>

async function isMatch(passwords: LeftoverDeps['passwords'], password: string, stored: Stored): Promise<boolean> {
  return (await passwords.verify(password, stored)).outcome === 'match'
}
