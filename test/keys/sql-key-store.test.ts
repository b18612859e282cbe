import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { openKeyRing } from '../../src/keys/ring/key-ring.ts'
import { createNodeRegistry } from '../../src/keys/ring/node-registry.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { createDatabase } from '../support/shared.ts'
import { keyStoreContract, SECRET } from './key-store-contract.ts'
import { quiet } from './quiet-log.ts'

const onEmbedded = async () => openDatabase({ DATA_DIR: await copyTemplate() })
const onPostgres = async () => openDatabase({ DATA_DIR: '', DATABASE_URL: await createDatabase() })

describe('the SQL key store, embedded', () => suite(onEmbedded))
describeOn('postgres', 'the SQL key store on Postgres', () => suite(onPostgres))

function suite(open: () => Promise<Database>): void {
  let database: Database
  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())

  const openStore = (KEY_ENCRYPTION_KEY?: string) =>
    openKeyStore({ KEYS_URL: 'sql:', KEY_ENCRYPTION_KEY, knex: database.knex })

  test('ten nodes that start at once on an empty store make one key set', async () => {
    const start = async () =>
      openKeyRing({
        store: await openStore(SECRET),
        nodes: createNodeRegistry(database.knex),
        algorithms: ['ES256', 'EdDSA'],
        log: quiet,
      })
    const rings = await Promise.all(Array.from({ length: 10 }, start))
    const sets = rings.map((ring) => ring.keys().map(({ kid, state }) => `${kid} ${state}`))
    expect(sets[0]).toHaveLength(4)
    for (const set of sets) expect(set).toEqual(sets[0])
    await Promise.all(rings.map((ring) => ring.close()))
  })

  keyStoreContract(async () => ({
    open: openStore,
    dump: async () => JSON.stringify(await database.knex('signing_keys').select()),
    close: async () => {},
  }))

  test('a change that fails half-way leaves nothing written', async () => {
    const store = await openStore(SECRET)
    const before = await store.load()
    const halfway = store.exclusively(async (held) => {
      for (const record of held.records) await held.remove({ ...record, removedAt: 1 })
      throw new Error('power cut')
    })
    await expect(halfway).rejects.toThrow('power cut')
    expect(await store.load()).toEqual(before)
  })
}
