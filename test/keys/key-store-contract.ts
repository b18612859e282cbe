import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KeyRecord } from '../../src/keys/key-record.ts'
import type { KeyStore } from '../../src/keys/key-store.ts'
import { reencrypt } from '../../src/keys/ring/reencrypt.ts'
import { generateKey } from '../../src/keys/signers/key-material.ts'

export const SECRET = 'first-secret-of-the-test-suite'
export const NEXT_SECRET = 'second-secret-of-the-test-suite'

/** A store under test; `open` opens the same place again, as another node would. */
export type StoreUnderTest = {
  open(keyEncryptionKey?: string): Promise<KeyStore>
  /** Everything at rest, as text. */
  dump(): Promise<string>
  close(): Promise<void>
}

/** What every key store promises, whatever it is made of. */
export function keyStoreContract(make: () => Promise<StoreUnderTest>): void {
  let place: StoreUnderTest
  beforeAll(async () => {
    place = await make()
  })
  afterAll(() => place.close())

  test('a saved key comes back whole, on every node', async () => {
    const store = await place.open(SECRET)
    const record = await newKey('ES256')
    await store.exclusively((held) => held.save(record))
    const loaded = await (await place.open(SECRET)).load()
    expect(loaded.records).toContainEqual(record)
  })

  test('no private member is readable at rest where KEY_ENCRYPTION_KEY is set', async () => {
    const store = await place.open(SECRET)
    const record = await newKey('EdDSA')
    await store.exclusively((held) => held.save(record))
    const privateMember = record.material.kind === 'local' ? record.material.privateJwk.d : undefined
    expect(privateMember).toBeTypeOf('string')
    expect(await place.dump()).not.toContain(privateMember)
  })

  test('a missing or wrong KEY_ENCRYPTION_KEY is said by name, with the id of the one needed', async () => {
    await expect((await place.open()).load()).rejects.toThrow(/KEY_ENCRYPTION_KEY is unset.*id [0-9a-f]{8}/)
    await expect((await place.open(NEXT_SECRET)).load()).rejects.toThrow(/KEY_ENCRYPTION_KEY does not decrypt/)
  })

  test('after reencrypt the earlier secret can be dropped', async () => {
    const both = await place.open(`${NEXT_SECRET},${SECRET}`)
    const before = await both.load()
    expect(await reencrypt(both)).toBe(before.records.length)
    expect((await (await place.open(NEXT_SECRET)).load()).records).toEqual(before.records)
    await reencrypt(await place.open(`${SECRET},${NEXT_SECRET}`))
  })

  test('the version changes with every write and with nothing else', async () => {
    const [mine, other] = [await place.open(SECRET), await place.open(SECRET)]
    const before = await mine.version()
    await mine.load()
    await mine.exclusively(async () => {})
    expect(await other.version()).toBe(before)
    const record = await newKey('ES256')
    await mine.exclusively((held) => held.save(record))
    const saved = await other.version()
    expect(saved).not.toBe(before)
    await mine.exclusively((held) => held.save({ ...record, state: 'active' }))
    expect(await other.version()).not.toBe(saved)
  })

  test('a removed key is gone, its tombstone stays, and saving it again does not bring it back', async () => {
    const store = await place.open(SECRET)
    const record = await newKey('ES256')
    await store.exclusively((held) => held.save(record))
    const tombstone = { kid: record.kid, algorithm: record.algorithm, removedAt: 5, revokedAt: 5 }
    await store.exclusively((held) => held.remove(tombstone))
    await store.exclusively((held) => held.save(record))
    const loaded = await (await place.open(SECRET)).load()
    expect(loaded.tombstones).toContainEqual(tombstone)
    expect(loaded.records.map(({ kid }) => kid)).not.toContain(record.kid)
    expect(loaded.ignored).toContain(record.kid)
  })

  test('the public half of a removed key stays, until the key counts as compromised', async () => {
    const store = await place.open(SECRET)
    const { kid, algorithm, publicJwk, ...rest } = await newKey('RS256')
    await store.exclusively((held) => held.save({ kid, algorithm, publicJwk, ...rest }))
    await store.exclusively((held) => held.remove({ kid, algorithm, removedAt: 5, publicJwk }))
    const kept = async () => (await (await place.open(SECRET)).load()).tombstones.find((tomb) => tomb.kid === kid)
    expect(await kept()).toEqual({ kid, algorithm, removedAt: 5, publicJwk })
    await store.exclusively((held) => held.remove({ kid, algorithm, removedAt: 6, revokedAt: 6 }))
    expect(await kept()).toMatchObject({ kid, revokedAt: 6 })
    expect(await kept()).not.toHaveProperty('publicJwk')
  })

  test('of many nodes one at a time holds the store, and each sees what the one before wrote', async () => {
    const nodes = await Promise.all(Array.from({ length: 8 }, () => place.open(SECRET)))
    const record = await newKey('ES256')
    await nodes[0]?.exclusively((held) => held.save({ ...record, since: 0 }))
    const countUp = (node: KeyStore) =>
      node.exclusively(async (held) => {
        const found = held.records.find(({ kid }) => kid === record.kid)
        if (found) await held.save({ ...found, since: found.since + 1 })
      })
    await Promise.all(nodes.map(countUp))
    const { records } = await (nodes[0] as KeyStore).load()
    expect(records.find(({ kid }) => kid === record.kid)?.since).toBe(8)
  })

  test('a change that throws gives the store back', async () => {
    const store = await place.open(SECRET)
    await expect(store.exclusively(() => Promise.reject(new Error('mid-way')))).rejects.toThrow('mid-way')
    await store.exclusively(async () => {})
  })
}

/** A pending key that was never stored. */
export async function newKey(algorithm: KeyRecord['algorithm']): Promise<KeyRecord> {
  return { ...(await generateKey(algorithm)), algorithm, state: 'pending', createdAt: 1000, since: 1000 }
}
