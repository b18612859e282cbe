import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { listKeys } from '../../src/keys/ring/key-listing.ts'
import { createKeyOperations } from '../../src/keys/ring/key-operations.ts'
import { openKeyRing } from '../../src/keys/ring/key-ring.ts'
import { createNodeRegistry } from '../../src/keys/ring/node-registry.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { openKeyUsage } from '../../src/keys/usage/usage-recorder.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { createDatabase } from '../support/shared.ts'
import { quiet } from './quiet-log.ts'

const DAY = 86_400

describe('key usage, embedded', () => suite(async () => openDatabase({ DATA_DIR: await copyTemplate() })))
describeOn('postgres', 'key usage on Postgres', () =>
  suite(async () => openDatabase({ DATA_DIR: '', DATABASE_URL: await createDatabase() })),
)

function suite(open: () => Promise<Database>): void {
  let database: Database
  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())

  function recorder(clock: { now: number }) {
    const keyUsage = openKeyUsage({ knex: database.knex, log: quiet, now: () => clock.now })
    onTestFinished(() => keyUsage.close())
    return keyUsage
  }

  test('a listing shows who has not fetched since a key was published, what signs and what arrives', async () => {
    const clock = { now: Math.floor(Date.now() / 1000) }
    const keyUsage = recorder(clock)
    const store = await openKeyStore({ KEYS_URL: `file:${temporaryDirectory('keys')}`, now: () => clock.now })
    const ring = await openKeyRing({
      store,
      algorithms: ['ES256'],
      now: () => clock.now,
      log: quiet,
      onSigned: keyUsage.signed,
    })
    onTestFinished(() => ring.close())
    const publish = () => keyUsage.published(ring.keys().map(({ kid }) => kid))
    publish()
    ring.onChange(publish)
    keyUsage.fetched({ verifier: 'orders-service', address: '10.0.0.1' })
    keyUsage.fetched({ verifier: 'slow-service', address: '10.0.0.2' })
    const startedAt = clock.now
    clock.now += 300
    await createKeyOperations(ring).rotate()
    keyUsage.fetched({ verifier: 'orders-service', address: '10.0.0.1' })
    const [active] = ring.keys()
    await active?.sign(Buffer.from('input'))
    keyUsage.seen(active?.kid ?? '')
    keyUsage.seen('a-kid-that-was-never-ours')

    const listing = await listKeys({ ring, keyUsage, now: clock.now })
    const inState = (state: string) => listing.find((key) => key.state === state)
    expect(inState('active')).toMatchObject({
      ageSeconds: 300,
      firstPublishedAt: startedAt,
      lastSignedAt: clock.now,
      lastSeenAt: clock.now,
      verifiersBehind: [],
    })
    expect(inState('pending')).toMatchObject({
      ageSeconds: 0,
      firstPublishedAt: clock.now,
      verifiersBehind: [{ verifier: 'slow-service', address: '10.0.0.2', lastFetchedAt: startedAt }],
    })
    expect(inState('retired')).not.toHaveProperty('lastSignedAt')
    expect(await database.knex('key_usage').where({ kid: 'a-kid-that-was-never-ours' })).toEqual([])
  })

  test('counts of several nodes add up, and verifiers of a month ago are forgotten', async () => {
    const clock = { now: 2_000_000_000 }
    const [one, two] = [recorder(clock), recorder(clock)]
    for (const node of [one, two]) {
      node.published(['kid-1'])
      for (let count = 0; count < 3; count++) {
        node.fetched({ verifier: 'catalogue', address: '::1' })
        node.signed('kid-1')
      }
    }
    await Promise.all([one.flush(), two.flush()])
    expect(Number((await database.knex('key_set_fetches').where({ verifier: 'catalogue' }).first()).fetches)).toBe(6)
    expect(Number((await database.knex('key_usage').where({ kid: 'kid-1' }).first()).signed)).toBe(6)

    clock.now += 31 * DAY
    one.fetched({ verifier: 'someone-else', address: '::1' })
    await one.flush()
    expect(await database.knex('key_set_fetches').where({ verifier: 'catalogue' })).toEqual([])
  })

  test('a flood of invented verifiers fills neither memory nor table', async () => {
    const keyUsage = recorder({ now: 2_100_000_000 })
    keyUsage.published(['kid-2'])
    for (let count = 0; count < 20_000; count++)
      keyUsage.fetched({ verifier: `x${count}`.repeat(90), address: '2001:db8::2' })
    await keyUsage.flush()
    const [{ count }] = (await database.knex('key_set_fetches').where({ address: '2001:db8::2' }).count()) as [
      { count: string },
    ]
    expect(Number(count)).toBe(20)
    const others = await database.knex('key_set_fetches').where({ verifier: '(others)' })
    expect(others).toMatchObject([{ address: '2001:db8:0:0::/64' }])
    expect(Number(others[0].fetches)).toBe(19_980)
  })

  test('a flood from invented addresses does not push out known verifiers, nor grow the table beyond its bound', async () => {
    const clock = { now: 2_200_000_000 }
    const keyUsage = recorder(clock)
    keyUsage.published(['kid-3'])
    keyUsage.fetched({ verifier: 'warehouse', address: '10.9.9.9' })
    await keyUsage.flush()
    for (let round = 0; round < 3; round++) {
      clock.now += 3700
      for (let index = 0; index < 5000; index++) {
        const address = `10.${round}.${index >> 8}.${index & 255}`
        keyUsage.fetched({ verifier: 'invented', address })
      }
      await keyUsage.flush()
    }
    keyUsage.fetched({ verifier: 'warehouse', address: '10.9.9.9' })
    await keyUsage.flush()
    const [{ count }] = (await database.knex('key_set_fetches').count()) as [{ count: string }]
    expect(Number(count)).toBeLessThanOrEqual(10_001)
    const known = await database.knex('key_set_fetches').where({ verifier: 'warehouse' }).first()
    expect([Number(known.fetches), Number(known.last_fetched_at)]).toEqual([2, clock.now])
  })

  test('a key counts as published when every active node has it; a node that left is not waited for', async () => {
    const [one, two] = [createNodeRegistry(database.knex), createNodeRegistry(database.knex)]
    await one.register(['old', 'new'])
    await two.register(['old'])
    expect(await one.unpublished(['old', 'new'])).toEqual(new Set(['new']))
    await two.register(['old', 'new'])
    expect(await one.unpublished(['old', 'new'])).toEqual(new Set())
    await two.register(['other-store'])
    expect(await one.nodesOnOtherKeyStores(['old', 'new'])).toHaveLength(1)
    await two.leave()
    expect(await one.unpublished(['old', 'new'])).toEqual(new Set())
    expect(await one.nodesOnOtherKeyStores(['old', 'new'])).toEqual([])
    await database.knex('key_nodes').update({ seen_at: 5 })
    expect(await two.unpublished(['brand-new'])).toEqual(new Set())
    await one.leave()
  })
}
