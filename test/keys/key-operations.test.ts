import { cpSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createKeyOperations, exportPublicKeys } from '../../src/keys/ring/key-operations.ts'
import { type KeyRing, openKeyRing } from '../../src/keys/ring/key-ring.ts'
import type { NodeRegistry } from '../../src/keys/ring/node-registry.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { issue, verify } from './jws.ts'
import { quiet } from './quiet-log.ts'

test('activating a fresh key is refused with its age, the wait and the way out', async () => {
  const { operations, ring, clock } = await open()
  const { kid } = inState(ring, 'pending')
  clock.now += 40
  expect(await operations.activate(kid)).toEqual({
    outcome: 'refused',
    code: 'too-soon',
    reason: `kid ${kid} was published 40 s ago; verifiers cache JWKS for 300 s; wait 260 s, or use --force`,
  })
  expect(await operations.activate(kid, { force: true })).toMatchObject({ outcome: 'changed' })
  expect(inState(ring, 'active').kid).toBe(kid)
})

test('rotate promotes the waiting key once verifiers can have it, and a new one waits at once', async () => {
  const { operations, ring, clock } = await open()
  const [old, next] = [inState(ring, 'active'), inState(ring, 'pending')]
  expect(await operations.rotate()).toMatchObject({ outcome: 'refused', code: 'too-soon' })
  clock.now += 300
  expect(await operations.rotate({ algorithm: 'ES256' })).toEqual({
    outcome: 'changed',
    changes: [
      { action: 'activate', kid: next.kid },
      { action: 'retire', kid: old.kid },
    ],
  })
  expect(inState(ring, 'active').kid).toBe(next.kid)
  expect(inState(ring, 'retired').kid).toBe(old.kid)
  expect([old.kid, next.kid]).not.toContain(inState(ring, 'pending').kid)
})

test('a retired key can be made to sign again: that takes a rotation back', async () => {
  const { operations, ring, clock } = await open()
  const old = inState(ring, 'active')
  clock.now += 300
  await operations.rotate()
  expect(await operations.activate(old.kid)).toMatchObject({ outcome: 'changed' })
  expect(inState(ring, 'active').kid).toBe(old.kid)
})

test('the signing key retires only when another can take over', async () => {
  const { operations, ring } = await open()
  const { kid } = inState(ring, 'active')
  expect(await operations.retire(kid)).toMatchObject({ outcome: 'refused', code: 'too-soon' })
  await operations.retire(kid, { force: true })
  expect(inState(ring, 'retired').kid).toBe(kid)
  expect(await operations.retire(kid)).toMatchObject({ outcome: 'refused', code: 'wrong-state' })
})

test('a kid that does not exist and an algorithm that is not served are refused by name', async () => {
  const { operations } = await open()
  for (const operation of [operations.activate, operations.retire, operations.revoke]) {
    expect(await operation('nobody')).toMatchObject({ outcome: 'refused', code: 'unknown-key' })
  }
  expect(await operations.generate('PS256')).toMatchObject({ outcome: 'refused', code: 'not-served' })
})

test('a generated key waits behind those that wait already', async () => {
  const { operations, ring, clock } = await open()
  const first = inState(ring, 'pending')
  clock.now += 300
  await operations.generate('ES256')
  await operations.rotate()
  expect(inState(ring, 'active').kid).toBe(first.kid)
})

test('a revoked key is out of the published set at once, its tokens are dead and the waiting key signs', async () => {
  const { operations, ring, other } = await open()
  const [compromised, successor] = [inState(ring, 'active'), inState(ring, 'pending')]
  const token = await issue(compromised)
  expect(await operations.revoke(compromised.kid)).toMatchObject({ outcome: 'changed' })
  await other.refresh()
  for (const node of [ring, other]) {
    await expect(verify(token, node.keys())).rejects.toThrow('no published key')
    expect(node.isRevoked(compromised.kid)).toBe(true)
    expect(node.isRevoked(successor.kid)).toBe(false)
    expect(inState(node, 'active').kid).toBe(successor.kid)
    expect(inState(node, 'pending').kid).not.toBe(successor.kid)
  }
})

test('a revoked key in a restored backup stays revoked', async () => {
  const { operations, ring, directory } = await open()
  const backup = temporaryDirectory('backup')
  cpSync(directory, backup, { recursive: true })
  const compromised = inState(ring, 'active')
  await operations.revoke(compromised.kid)
  cpSync(backup, directory, { recursive: true })
  await ring.refresh()
  expect(ring.isRevoked(compromised.kid)).toBe(true)
  expect(ring.keys().map(({ kid }) => kid)).not.toContain(compromised.kid)
})

test('two operators who rotate at the same moment rotate once: the second is told to wait', async () => {
  const { operations, ring, other, clock } = await open()
  const next = inState(ring, 'pending')
  clock.now += 300
  const outcomes = await Promise.all([operations.rotate(), createKeyOperations(other).rotate()])
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['changed', 'refused'])
  expect(inState(ring, 'active').kid).toBe(next.kid)
})

test('a key that some node does not publish yet is not activated without force', async () => {
  const missing = new Set<string>()
  const { operations, ring, clock } = await open(registryThatLacks(missing))
  const { kid } = inState(ring, 'pending')
  clock.now += 300
  missing.add(kid)
  expect(await operations.rotate()).toMatchObject({ outcome: 'refused', code: 'not-on-every-node' })
  missing.clear()
  expect(await operations.rotate()).toMatchObject({ outcome: 'changed' })
})

test('force does not let a key sign before every node publishes it', async () => {
  const missing = new Set<string>()
  const { operations, ring } = await open(registryThatLacks(missing))
  const [old, next] = [inState(ring, 'active'), inState(ring, 'pending')]
  missing.add(next.kid)
  const forced = operations.rotate({ force: true })
  await operations.generate('ES256')
  expect(inState(ring, 'active').kid).toBe(old.kid)
  missing.clear()
  expect(await forced).toMatchObject({ outcome: 'changed' })
  // Which of the two waiting keys it is does not matter: they were made in the same second.
  expect(inState(ring, 'active').kid).not.toBe(old.kid)
})

test('force waits five seconds for a node that does not follow, and no longer', async () => {
  const missing = new Set<string>()
  const { operations, ring } = await open(registryThatLacks(missing))
  const next = inState(ring, 'pending')
  missing.add(next.kid)
  const askedMs = performance.now()
  expect(await operations.rotate({ force: true })).toMatchObject({ outcome: 'changed' })
  expect(performance.now() - askedMs).toBeGreaterThanOrEqual(5000)
  expect(inState(ring, 'active').kid).toBe(next.kid)
})

test('a second forced rotation on another node waits for the key that the first one makes', async () => {
  const { operations, ring, other } = await open()
  const old = inState(ring, 'active')
  const forced = { force: true }
  const outcomes = await Promise.all([operations.rotate(forced), createKeyOperations(other).rotate(forced)])
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['changed', 'changed'])
  const changes = outcomes.flatMap((each) => (each.outcome === 'changed' ? each.changes : []))
  expect(changes.map(({ action }) => action)).toEqual(['activate', 'retire', 'activate', 'retire'])
  expect(ring.keys().filter(({ state }) => state === 'active')).toHaveLength(1)
  expect(inState(ring, 'active').kid).not.toBe(old.kid)
})

test('a revoked signer is followed by a key that every node publishes, where there is one', async () => {
  const missing = new Set<string>()
  const { operations, ring, clock } = await open(registryThatLacks(missing))
  const first = inState(ring, 'pending')
  clock.now += 1
  await operations.generate('ES256')
  const second = ring.keys().find(({ kid, state }) => state === 'pending' && kid !== first.kid)
  missing.add(first.kid)
  await operations.revoke(inState(ring, 'active').kid)
  expect(inState(ring, 'active').kid).toBe(second?.kid)
})

test('what is exported is public', async () => {
  const { ring } = await open()
  for (const jwk of exportPublicKeys(ring.keys()).keys) {
    expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  }
})

function registryThatLacks(missing: ReadonlySet<string>): NodeRegistry {
  return {
    register: async () => {},
    unpublished: async () => missing,
    nodesOnOtherKeyStores: async () => [],
    leave: async () => {},
  }
}

async function open(nodes?: NodeRegistry) {
  const directory = temporaryDirectory('keys')
  const clock = { now: Math.floor(Date.now() / 1000) }
  const now = () => clock.now
  const openNode = async () => {
    const store = await openKeyStore({ KEYS_URL: `file:${directory}`, now })
    const ring = await openKeyRing({ store, algorithms: ['ES256'], log: quiet, now, ...(nodes && { nodes }) })
    onTestFinished(() => ring.close())
    return ring
  }
  const [ring, other] = [await openNode(), await openNode()]
  return { ring, other, directory, clock, operations: createKeyOperations(ring) }
}

function inState(ring: KeyRing, state: 'active' | 'pending' | 'retired') {
  const key = ring.keys().find((candidate) => candidate.state === state)
  if (!key) throw new Error(`no ${state} key`)
  return key
}
