import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openClientLinks } from '../../src/client-links/client-links.ts'
import type { LinkUse } from '../../src/client-links/link-rows.ts'
import type { Database } from '../../src/database/database.ts'
import { prune } from '../../src/storage/sql-pruning.ts'
import { onBothDatabases } from '../support/both-databases.ts'

const log = { warn() {} }
const KEPT_SECONDS = 400 * 86_400

onBothDatabases('links of customers with clients', (open) => {
  let database: Database
  let second: Database
  beforeAll(async () => {
    const both = await open()
    database = both.database
    second = await both.other()
  })
  afterAll(async () => {
    await second?.close()
    await database?.close()
  })

  const newLink = () => ({ grantId: randomUUID(), customerId: randomUUID(), clientId: 'agent' })
  function node({ knex }: Database, keptSeconds = KEPT_SECONDS) {
    const told: LinkUse[] = []
    return { told, links: openClientLinks({ knex, log, keptSeconds, onUsed: (use) => void told.push(use) }) }
  }

  test('the first use of a day is told once, however many nodes see uses at once', async () => {
    const nodes = Array.from({ length: 8 }, (_, index) => node(index % 2 === 0 ? database : second))
    const link = newLink()
    for (const { links } of nodes) links.noteUse({ ...link, usedFor: 'refresh_token', ip: '192.0.2.1' })
    await Promise.all(nodes.map(({ links }) => links.flush()))
    expect(nodes.flatMap(({ told }) => told)).toMatchObject([{ ...link, usedFor: 'refresh_token' }])
    const last = await nodes[0]?.links.usesOf([link.grantId, 'another'])
    expect([...(last ?? [])]).toEqual([
      [link.grantId, { atMs: expect.any(Number), usedFor: 'refresh_token', ip: '192.0.2.1' }],
    ])
    await Promise.all(nodes.map(({ links }) => links.close()))
  })

  test('a consent keeps its text, cut at a limit, and of one link the newest 200 are kept', async () => {
    const { links } = node(database)
    const link = newLink()
    const said = { text: 'x'.repeat(50_000), language: 'en' }
    for (let count = 0; count < 203; count++) await links.keepConsent({ ...link, scopes: ['orders:read'], said })
    const kept = await links.consentsOf(link.customerId, link.clientId)
    expect(kept).toHaveLength(200)
    expect(kept[0]).toMatchObject({ ...link, scopes: ['orders:read'], digest: expect.stringMatching(/^[\w-]{43}$/) })
    expect(kept[0]?.said?.text).toHaveLength(16_000)
    await links.close()
  })

  test('of a customer who was erased nothing is left but whom to tell, for a day', async () => {
    const { links } = node(database)
    const link = newLink()
    await links.keepConsent({ ...link, scopes: [], said: { text: 'text', language: 'en' } })
    links.noteUse({ ...link, usedFor: 'refresh_token', ip: '192.0.2.1' })
    await links.flush()
    await links.forget(link.customerId)
    expect(await links.consentsOf(link.customerId)).toEqual([])
    expect(await links.usesOf([link.grantId])).toEqual(new Map())
    expect(await links.isLinked(link.customerId, link.clientId)).toBe(true)
    await database.knex('client_links').where({ grant_id: link.grantId }).decrement('expires_at', 86_401)
    await prune(database.knex, [{ name: 'client_links' }])
    expect(await links.isLinked(link.customerId, link.clientId)).toBe(false)
    await links.close()
  })

  test('a use keeps the consents of its link alive', async () => {
    const link = newLink()
    const short = node(database, 10)
    await short.links.keepConsent({ ...link, scopes: [], said: { text: 'text', language: 'en' } })
    await short.links.close()
    const { links } = node(database)
    links.noteUse({ ...link, usedFor: 'refresh_token' })
    await links.flush()
    const row = await database.knex('link_consents').where({ grant_id: link.grantId }).first('expires_at')
    expect(Number(row?.expires_at)).toBeGreaterThan(Date.now() / 1000 + KEPT_SECONDS - 600)
    await links.close()
  })
})
