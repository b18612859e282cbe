import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type KeyRing, type KeyRingDeps, openKeyRing } from '../../src/keys/ring/key-ring.ts'
import {
  DEFAULT_ROTATION_POLICY as policy,
  publicationSeconds,
  retentionSeconds,
} from '../../src/keys/schedule/rotation-policy.ts'
import type { SigningAlgorithm } from '../../src/keys/signing-key.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'
import { issue, verify } from './jws.ts'
import { SECRET } from './key-store-contract.ts'
import { quiet } from './quiet-log.ts'

const DAY = 86_400
const ALL: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA']

test('the first boot makes one signing key and one waiting key per algorithm, and jose verifies each', async () => {
  const { ring } = await openRing({ algorithms: ALL })
  expect(
    ring
      .keys()
      .map(({ algorithm, state }) => `${algorithm} ${state}`)
      .sort(),
  ).toEqual(ALL.flatMap((algorithm) => [`${algorithm} active`, `${algorithm} pending`]).sort())
  for (const key of ring.keys()) {
    expect(await verify(await issue(key), ring.keys())).toEqual({ alg: key.algorithm, kid: key.kid })
  }
})

test('signing is synchronous: nothing on the thread pool can delay it', async () => {
  const { ring } = await openRing({ algorithms: ALL })
  for (const key of ring.keys()) expect(key.sign(Buffer.from('input'))).toBeInstanceOf(Uint8Array)
})

test('a restart finds the same keys', async () => {
  const { ring, directory } = await openRing()
  const again = await openRing({ directory })
  expect(kids(again.ring)).toEqual(kids(ring))
})

test('by schedule a key is published, signs, verifies only, and goes; its tokens verify to their end', async () => {
  const { ring, clock } = await openRing()
  const first = signer(ring)
  const successor = ring.keys().find(({ state }) => state === 'pending')
  clock.now += policy.rotationSeconds - 1
  await ring.refresh()
  expect(signer(ring).kid).toBe(first.kid)

  clock.now += 1
  await ring.refresh()
  expect(signer(ring).kid).toBe(successor?.kid)
  expect(ring.keys().map(({ state }) => state)).toEqual(['active', 'pending', 'retired'])

  clock.now += retentionSeconds(policy) - 1
  await ring.refresh()
  await verify(await issue(first), ring.keys())
  clock.now += 1
  await ring.refresh()
  expect(kids(ring)).not.toContain(first.kid)
  expect(ring.isRevoked(first.kid)).toBe(false)
})

test('a change is on every node within two seconds, and each node tells its listeners', async () => {
  const { ring, directory, clock } = await openRing()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const other = await openRing({ directory, clock })
  const told: string[] = []
  other.ring.onChange((keys) => told.push(keys.find(({ state }) => state === 'active')?.kid ?? ''))
  clock.now += policy.rotationSeconds
  await ring.refresh()
  vi.advanceTimersByTime(2000)
  vi.useRealTimers()
  await waitFor(() => signer(other.ring).kid === signer(ring).kid)
  expect(told.at(-1)).toBe(signer(ring).kid)
})

test('twenty rotations over three nodes: every token verifies on every node from the moment it is issued', async () => {
  const pollEveryMs = 50
  const { ring, directory, clock } = await openRing({ pollEveryMs })
  const openAnother = async () => (await openRing({ directory, clock, pollEveryMs })).ring
  const nodes = [ring, await openAnother(), await openAnother()]
  let isDone = false
  let verified = 0
  const traffic = nodes.map(async (node) => {
    while (!isDone) {
      const token = await issue(signer(node))
      await Promise.all(nodes.map((verifier) => verify(token, verifier.keys())))
      verified++
      await pause(5)
    }
  })
  const signers = new Set<string>()
  for (let rotation = 0; rotation < 20; rotation++) {
    const before = signer(ring).kid
    clock.now += policy.rotationSeconds
    await nodes[rotation % 3]?.refresh()
    // Ninety days are gone at once, but no node may be a rotation behind, nor lack the key that signs next: in real time
    // it would have had all of them.
    await waitFor(() => signer(ring).kid !== before && nodes.every((node) => areSame(node, ring) && hasNext(node)))
    signers.add(signer(ring).kid)
  }
  isDone = true
  await Promise.all(traffic)
  expect(signers.size).toBe(20)
  expect(verified).toBeGreaterThan(20)
})

test('a node whose clock is five minutes ahead does not let a key sign early', async () => {
  const { directory, clock } = await openRing()
  const ahead = await openRing({ directory, clock: { now: clock.now } })
  // Only the waiting time is short of what it must be: the signer has been due for long.
  const dueEarly = { ...policy, rotationSeconds: 1 }
  const fast = await openRing({ directory, clock: ahead.clock, policy: dueEarly })
  const before = signer(fast.ring).kid
  ahead.clock.now = clock.now + policy.propagationSeconds - 1 + policy.clockSkewSeconds
  await fast.ring.refresh()
  expect(signer(fast.ring).kid).toBe(before)
  ahead.clock.now = clock.now + publicationSeconds(policy)
  await fast.ring.refresh()
  expect(signer(fast.ring).kid).not.toBe(before)
})

test('no copy of the key set outlives the next planned change', async () => {
  const { ring, clock } = await openRing()
  expect(ring.cacheSecondsAt(clock.now)).toBe(policy.jwksCacheSeconds)
  const change = clock.now + policy.rotationSeconds
  expect(ring.cacheSecondsAt(change - 100)).toBe(100)
  expect(ring.cacheSecondsAt(change - 1)).toBe(10)
  expect(ring.cacheSecondsAt(change + 60)).toBe(10)
})

test('the entity tag is the same on all nodes and changes with the published keys', async () => {
  const { ring, directory, clock } = await openRing()
  const other = await openRing({ directory, clock })
  const before = ring.etag()
  expect(other.ring.etag()).toBe(before)
  clock.now += policy.rotationSeconds
  await ring.refresh()
  expect(ring.etag()).not.toBe(before)
})

test('while the store is damaged the last known keys go on signing, and the problem is named', async () => {
  const { ring, directory } = await openRing()
  const before = kids(ring)
  const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.json'))
  cpSync(join(directory, file), join(directory, 'kept'))
  writeFileSync(join(directory, file), 'damaged')
  await waitFor(() => ring.problem())
  expect(ring.problem()).toContain(`${file} is not a readable signing key`)
  expect(kids(ring)).toEqual(before)
  await issue(signer(ring))
  cpSync(join(directory, 'kept'), join(directory, file))
  await waitFor(() => ring.problem() === undefined)
})

test('a lost KEY_ENCRYPTION_KEY starts nothing and makes no new keys', async () => {
  const { directory } = await openRing({ secret: SECRET })
  const before = readdirSync(directory)
  await expect(openRing({ directory })).rejects.toThrow(/KEY_ENCRYPTION_KEY is unset/)
  expect(readdirSync(directory)).toEqual(before)
})

test('a backup of the whole directory from before a rotation brings the service back with one signer', async () => {
  const { ring, directory, clock } = await openRing()
  const backup = temporaryDirectory('backup')
  cpSync(directory, backup, { recursive: true })
  clock.now += policy.rotationSeconds
  await ring.refresh()
  await ring.close()
  rmSync(directory, { recursive: true })
  cpSync(backup, directory, { recursive: true })
  clock.now += 200 * DAY
  const restored = await openRing({ directory, clock })
  expect(restored.ring.keys().filter(({ state }) => state === 'active')).toHaveLength(1)
})

type Opened = { ring: KeyRing; directory: string; clock: { now: number } }

async function openRing({
  directory = temporaryDirectory('keys'),
  clock = { now: Math.floor(Date.now() / 1000) },
  secret,
  ...deps
}: Partial<KeyRingDeps> & { directory?: string; clock?: { now: number }; secret?: string } = {}): Promise<Opened> {
  const now = () => clock.now
  const store = await openKeyStore({ KEYS_URL: `file:${directory}`, KEY_ENCRYPTION_KEY: secret, now })
  const ring = await openKeyRing({ algorithms: ['ES256'], log: quiet, now, ...deps, store })
  onTestFinished(() => ring.close())
  return { ring, directory, clock }
}

function areSame(one: KeyRing, other: KeyRing): boolean {
  return signer(one).kid === signer(other).kid && one.etag() === other.etag()
}

function hasNext(ring: KeyRing): boolean {
  return ring.keys().some(({ state }) => state === 'pending')
}

function signer(ring: KeyRing) {
  const key = ring.keys().find(({ state }) => state === 'active')
  if (!key) throw new Error('no key signs')
  return key
}

function kids(ring: KeyRing): string[] {
  return ring.keys().map(({ kid }) => kid)
}
