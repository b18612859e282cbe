import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClientMetadata } from '../../src/clients/client.ts'
import { createClientRegistry } from '../../src/clients/registry.ts'
import { createInitialTokens } from '../../src/clients/self-registration/initial-tokens.ts'
import { createRegistrations } from '../../src/clients/self-registration/registrations.ts'
import type { Database } from '../../src/database/database.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { onBothDatabases } from '../support/both-databases.ts'

const IDLE_DAYS = 30

onBothDatabases('clients that registered themselves', (open) => {
  let database: Database
  beforeAll(async () => {
    database = (await open()).database
  })
  afterAll(() => database?.close())

  /** One that registered so many days ago, and got its last token so many days ago. */
  async function client({ age, lastUse, ...more }: { age: number; lastUse?: number } & Partial<ClientMetadata>) {
    const { knex } = database
    const { registrations } = parts()
    const client_id = randomUUID()
    await registrations.create({ client_id, self_registered: true, resource_scopes: [], ...more }, undefined)
    await knex('client_registrations')
      .where({ client_id })
      .update({ created_at: knex.raw(`now() - ? * interval '1 day'`, [age]) })
    if (lastUse !== undefined)
      await knex('grant_type_uses').insert([
        { grant_type: 'authorization_code', client_id, day: knex.raw('current_date - ?::integer', [age]), count: 1 },
        { grant_type: 'refresh_token', client_id, day: knex.raw('current_date - ?::integer', [lastUse]), count: 3 },
      ])
    return client_id
  }

  function parts() {
    const { knex } = database
    const clients = createClientRegistry({ knex, storage: createMemoryStorage() })
    const initialTokens = createInitialTokens({ knex })
    return { clients, registrations: createRegistrations({ knex, clients, initialTokens, idleDays: IDLE_DAYS }) }
  }

  test('are removed when nobody uses them, at once also where they were looked up before', async () => {
    const gone = [await client({ age: 2 }), await client({ age: 100, lastUse: 31 })]
    const kept = [
      await client({ age: 0 }),
      await client({ age: 100, lastUse: 29 }),
      await client({ age: 100, lastUse: 0 }),
      await client({ age: 100, self_registered: false }),
    ]
    const { clients, registrations } = parts()
    for (const id of gone) expect(await clients.find(id)).toBeDefined()
    expect([...(await registrations.removeUnused())].sort()).toEqual([...gone].sort())
    for (const id of gone) expect(await clients.find(id)).toBeUndefined()
    for (const id of kept) expect(await clients.find(id)).toBeDefined()
    expect(await registrations.removeUnused()).toEqual([])
  })

  test('are removed once, by one of the nodes that look at the same time', async () => {
    const id = await client({ age: 2 })
    const removed = await Promise.all(Array.from({ length: 5 }, () => parts().registrations.removeUnused()))
    expect(removed.flat()).toEqual([id])
  })
})
