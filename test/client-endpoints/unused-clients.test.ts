import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { removeUnusedClients } from '../../src/app/services/unregistered-clients/self-registration.ts'
import type { ClientMetadata } from '../../src/clients/client.ts'
import { createClientRegistry } from '../../src/clients/registry.ts'
import { createInitialTokens } from '../../src/clients/self-registration/initial-tokens.ts'
import { createRegistrations, MOST_WITHOUT_TOKEN, NoRoom } from '../../src/clients/self-registration/registrations.ts'
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

  test('leave room for who has a token of an operator', async () => {
    const { knex } = database
    const { registrations } = parts()
    const initialTokens = createInitialTokens({ knex })
    const expiresAt = Math.floor(Date.now() / 1000) + 3600
    const made = await initialTokens.create({ name: randomUUID(), maxUses: 1, createdBy: 'owner', expiresAt })
    const token = await initialTokens.find(String(made?.token))
    await knex.raw(
      `with made as (
         insert into clients (client_id, metadata)
         select 'crowd-' || number, '{"self_registered": true}' from generate_series(1, ?::integer) as number
         returning client_id)
       insert into client_registrations (client_id, token_sha256) select client_id, client_id from made`,
      [MOST_WITHOUT_TOKEN],
    )
    try {
      const create = (tokenId?: string) =>
        registrations.create({ client_id: randomUUID(), self_registered: true, resource_scopes: [] }, tokenId)
      await expect(create()).rejects.toThrow(NoRoom)
      expect(await create(token?.id)).toEqual(expect.any(String))
    } finally {
      await knex('clients').whereLike('client_id', 'crowd-%').delete()
    }
  })

  test('are removed once, by one of the nodes that look at the same time', async () => {
    const id = await client({ age: 2 })
    const removed = await Promise.all(Array.from({ length: 5 }, () => parts().registrations.removeUnused()))
    expect(removed.flat()).toEqual([id])
  })
})

test('all of them are removed within the hour, however many parts they are', async () => {
  vi.useFakeTimers()
  const parts = [['a', 'b'], ['c'], ['d']]
  const ended: string[] = []
  const close = removeUnusedClients({
    registrations: { removeUnused: async () => parts.shift() ?? [] },
    endSignIn: async ({ what }) => void ended.push(what.of === 'client' ? what.id : ''),
    audit: () => {},
    log: { warn: () => {} } as never,
  })
  try {
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(ended).toEqual(['a', 'b', 'c', 'd'])
  } finally {
    await close()
    vi.useRealTimers()
  }
})

test('every hour their sign-ins end with them, and the trail says why; a database that is away is tried again', async () => {
  vi.useFakeTimers()
  const told: unknown[] = []
  const none = async () => []
  const answers = [async () => ['agent'], none, () => Promise.reject(new Error('away')), async () => ['other']]
  const close = removeUnusedClients({
    registrations: { removeUnused: () => answers.shift()?.() ?? Promise.resolve([]) },
    endSignIn: async ({ what, why, by }) => void told.push([what, why, by]),
    audit: ({ clientId, reason }) => void told.push([clientId, reason]),
    log: { warn: (line: object) => void told.push((line as { event: string }).event) } as never,
  })
  try {
    for (let hour = 0; hour < 4; hour++) await vi.advanceTimersByTimeAsync(3_600_000)
    expect(told).toEqual([
      [{ of: 'client', id: 'agent' }, 'client-removed', 'server'],
      ['agent', 'removed: nobody used it'],
      'registrations.prune-failed',
      [{ of: 'client', id: 'other' }, 'client-removed', 'server'],
      ['other', 'removed: nobody used it'],
    ])
  } finally {
    await close()
    vi.useRealTimers()
  }
})
