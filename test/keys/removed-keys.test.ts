import { cpSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import type { KeyStore } from '../../src/keys/key-store.ts'
import { createKeyOperations } from '../../src/keys/ring/key-operations.ts'
import { openKeyRing } from '../../src/keys/ring/key-ring.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { withRemovedKeys } from '../../src/keys/stores/removed-keys.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { openTestDatabase } from '../support/test-database.ts'
import { newKey } from './key-store-contract.ts'
import { quiet } from './quiet-log.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

test('a restored key directory brings no revoked key back, its tombstones restored away or not', async () => {
  const directory = temporaryDirectory('keys')
  const ring = await openRing(await openFiles(directory))
  const backup = temporaryDirectory('backup')
  cpSync(directory, backup, { recursive: true })
  const compromised = ring.keys()[0]?.kid ?? ''
  await createKeyOperations(ring).revoke(compromised)
  await ring.close()

  rmSync(directory, { recursive: true })
  cpSync(backup, directory, { recursive: true })
  const restored = await openRing(await openFiles(directory))
  expect(restored.keys().map(({ kid }) => kid)).not.toContain(compromised)
  expect(restored.keys().filter(({ state }) => state === 'active')).toHaveLength(1)
  expect(restored.isRevoked(compromised)).toBe(true)
})

test('a restored database brings no revoked key back while the storage remembers it', async () => {
  const { storage } = memory()
  const open = () => openKeyStore({ KEYS_URL: 'sql:', knex: database.knex, storage })
  const ring = await openRing(await open())
  const rows = await database.knex('signing_keys').select('kid', database.knex.raw('document::text'))
  const compromised = ring.keys()[0]?.kid ?? ''
  await createKeyOperations(ring).revoke(compromised)
  await ring.close()

  await database.knex('key_tombstones').delete()
  await database.knex('signing_keys').delete()
  await database.knex('signing_keys').insert(rows)
  const restored = await openRing(await open())
  expect(restored.keys().map(({ kid }) => kid)).not.toContain(compromised)
  expect(restored.isRevoked(compromised)).toBe(true)
})

test('a removedKeyRecord that missed a burial, because of a crash, is told at the next load', async () => {
  const directory = temporaryDirectory('keys')
  const plain = await openKeyStore({ KEYS_URL: `file:${directory}` })
  const record = await newKey('ES256')
  await plain.exclusively((held) => held.save(record))
  await plain.exclusively((held) => held.remove({ kid: record.kid, algorithm: 'ES256', removedAt: 1 }))
  const removed: string[] = []
  const removedKeyRecord = { dead: async () => [], remove: async ({ kid }: { kid: string }) => void removed.push(kid) }
  await withRemovedKeys(plain, [removedKeyRecord]).load()
  expect(removed).toEqual([record.kid])
})

function openFiles(directory: string): Promise<KeyStore> {
  return openKeyStore({ KEYS_URL: `file:${directory}`, knex: database.knex })
}

async function openRing(store: KeyStore) {
  const ring = await openKeyRing({ store, algorithms: ['ES256'], log: quiet })
  onTestFinished(() => ring.close())
  return ring
}

/** The two calls of the storage that are used, over a map. */
function memory() {
  const artifacts = new Map<string, Readonly<Record<string, unknown>>>()
  const storage = {
    async put(kind: string, id: string, artifact: Readonly<Record<string, unknown>>) {
      artifacts.set(`${kind} ${id}`, artifact)
    },
    async getMany(keys: readonly { kind: string; id: string }[]) {
      return keys.map(({ kind, id }) => {
        const artifact = artifacts.get(`${kind} ${id}`)
        return artifact && { artifact, version: 0 }
      })
    },
  }
  return { storage }
}
