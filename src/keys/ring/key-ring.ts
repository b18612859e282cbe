import type { KeyObject } from 'node:crypto'
import type { Log } from '../../log.ts'
import type { Storage } from '../../storage/storage.ts'
import type { KeyRecord, Tombstone } from '../key-record.ts'
import { keySetHash } from '../key-set-hash.ts'
import type { KeyStore } from '../key-store.ts'
import { cacheSecondsAt } from '../schedule/cache-advice.ts'
import { planRotation, type RotationStep, type Unpublished } from '../schedule/rotation.ts'
import { DEFAULT_ROTATION_POLICY, type RotationPolicy } from '../schedule/rotation-policy.ts'
import { publicKeyOf } from '../signers/key-material.ts'
import { inProcessSigner, type Signer } from '../signers/signer.ts'
import type { SigningAlgorithm, SigningKey } from '../signing-key.ts'
import { createFollower, type Follower } from './follower.ts'
import { changeKeys, type Decision, type KeyChange } from './key-change.ts'
import type { NodeRegistry } from './node-registry.ts'
import { createPoller } from './poller.ts'
import { reencrypt } from './reencrypt.ts'

const TOPIC = 'keys'
/** A change is to be on every node within two seconds, also on a busy machine. */
const POLL_EVERY_MS = 500
const FRUITLESS_PAUSE_MS = 2000

export type KeyRingDeps = {
  readonly store: KeyStore
  /** A function where it depends on what changes at run time, such as the longest token lifetime. */
  readonly policy?: Partial<RotationPolicy> | (() => Partial<RotationPolicy>)
  readonly algorithms?: readonly SigningAlgorithm[]
  /** Epoch seconds. Absent: the store's shared clock decides, so that a node whose clock is off harms nothing. */
  readonly now?: () => number
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  readonly storage?: Pick<Storage, 'publish' | 'subscribe'>
  /** Who else publishes these keys; the schedule waits for them. */
  readonly nodes?: NodeRegistry
  readonly signer?: Signer
  /** Called at each signature with its kid; must be cheap. */
  readonly onSigned?: (kid: string) => void
  /** Told of every step that this node wrote, by the schedule or by hand. */
  readonly onChanged?: (step: { readonly action: RotationStep['action']; readonly kid: string }) => void
  readonly pollEveryMs?: number
}

/** A rule that looks at the stored keys and says what to do; `unpublished` are those some node lacks. */
export type Decider<Outcome> = (
  keys: readonly KeyRecord[],
  policy: RotationPolicy,
  now: number,
  unpublished: Unpublished,
) => Decision<Outcome>

/** The signing keys as they are now, on this node, and the schedule that changes them. */
export type KeyRing = {
  /** All published keys, those that sign first: pending, active, retired. */
  keys(): readonly SigningKey[]
  /** Calls `listener` after each change of the published keys or of their states; returns the way to stop it. */
  onChange(listener: (keys: readonly SigningKey[]) => void): () => void
  /** Looks at the store and at the schedule now, and is done when this node follows both. */
  refresh(): Promise<void>
  /** Whether the key was compromised: no token it signed is to be believed. */
  isRevoked(kid: string): boolean
  /** The rules of the schedule as they are now. */
  /** A key that was removed and not compromised; for what is accepted longer than any key is published. */
  formerKey(kid: string): { readonly algorithm: SigningAlgorithm; readonly publicKey: KeyObject } | undefined
  policy(): RotationPolicy
  /** Seconds for the `max-age` of the JWKS response. */
  cacheSecondsAt(now: number): number
  /** A weak entity tag of the published set (RFC 9110 §8.8.3), the same on every node. */
  etag(): string
  /** One sentence on why the store cannot be followed at the moment; undefined while all is well. */
  problem(): string | undefined
  /** Changes keys under the store's lock, then follows and registers the change. */
  change<Outcome>(decide: Decider<Outcome>): Promise<KeyChange<Outcome>>
  /** Encrypts every private key anew with the first secret of KEY_ENCRYPTION_KEY; returns how many. */
  reencrypt(): Promise<number>
  close(): Promise<void>
}

/**
 * Opens the ring, makes the first keys where there are none, and follows the store from then on.
 *
 * @throws {KeyStoreError} when the store cannot be read or written.
 */
export async function openKeyRing(deps: KeyRingDeps): Promise<KeyRing> {
  const { store, storage, nodes, log } = deps
  const policy = () => currentPolicy(deps)
  const follower = createFollower(deps)
  const change = createChange(deps, follower, policy)
  const maintain = createSchedule(deps, follower, policy, change)

  const poller = createPoller({ work: maintain, everyMs: deps.pollEveryMs ?? POLL_EVERY_MS, log })
  // Registered before the keys are read: a key that is made in between does not sign until this node publishes it too.
  await nodes?.register([])
  await poller.run().catch(async (error) => {
    await nodes?.leave().catch(() => {})
    throw error
  })
  await warnOfOtherKeyStores(deps, follower.keys())
  storage?.subscribe(TOPIC, poller.hurry)
  poller.start()

  return {
    keys: follower.keys,
    onChange: follower.onChange,
    refresh: poller.run,
    isRevoked: (kid) => follower.stored().tombstones.some((tomb) => tomb.kid === kid && tomb.revokedAt !== undefined),
    formerKey: (kid) => formerKeyOf(follower.stored().tombstones.filter((tomb) => tomb.kid === kid)),
    policy,
    cacheSecondsAt: (now) => cacheSecondsAt(follower.stored().records, policy(), now),
    etag: () => `W/"${keySetHash(follower.keys().map(({ kid }) => kid))}"`,
    problem: poller.problem,
    change,
    reencrypt: () => reencrypt(store),
    async close() {
      await poller.stop()
      await nodes?.leave().catch(() => {})
    },
  }
}

/** A key has several records of its removal where several places remember it. */
function formerKeyOf(tombstones: readonly Tombstone[]): ReturnType<KeyRing['formerKey']> {
  const known = tombstones.find(({ publicJwk }) => publicJwk)
  if (!known?.publicJwk || tombstones.some(({ revokedAt }) => revokedAt !== undefined)) return undefined
  return { algorithm: known.algorithm, publicKey: publicKeyOf(known.publicJwk) }
}

type Change = KeyRing['change']

/** Reads the store, asks the other nodes, decides under the lock, reads again, and tells all nodes. */
function createChange(deps: KeyRingDeps, follower: Follower, policy: () => RotationPolicy): Change {
  const { store, storage, nodes, log, now, signer = inProcessSigner } = deps

  return async (decide) => {
    await follower.follow()
    // Asked before the lock is taken: an embedded database has one connection, and the lock holds it.
    const asked = follower.stored().records.map(({ kid }) => kid)
    const lacking = await nodes?.unpublished(asked)
    const changed = await changeKeys({ store, signer, now }, (keys, at) =>
      decide(keys, policy(), at, lacking ? withUnasked(keys, asked, lacking) : new Set()),
    )
    for (const { action, kid } of changed.written) {
      log.info({ event: `key.${action}`, kid }, `signing key: ${action}`)
      deps.onChanged?.({ action, kid })
    }
    await follower.follow()
    if (changed.written.length > 0) await storage?.publish(TOPIC).catch(() => {})
    return changed
  }
}

/** What every node does at each look: follow the store, and carry out what is due if no other node did. */
function createSchedule(deps: KeyRingDeps, follower: Follower, policy: () => RotationPolicy, change: Change) {
  const localNow = deps.now ?? (() => Math.floor(Date.now() / 1000))
  const isDue = () => planRotation(follower.stored().records, policy(), localNow()).length > 0
  let resumesAtMs = 0

  return async (): Promise<void> => {
    await follower.follow()
    if (performance.now() < resumesAtMs || !isDue()) return
    const { written } = await change((keys, current, now, unpublished) => ({
      steps: planRotation(keys, current, now, unpublished),
      outcome: undefined,
    }))
    // Due by this node's clock but not by the shared one, or held back by a node: ask for the lock less often.
    if (written.length === 0 && isDue()) resumesAtMs = performance.now() + FRUITLESS_PAUSE_MS
  }
}

/** The nodes were not asked about a key that came between the question and the lock: it counts as unpublished. */
function withUnasked(keys: readonly KeyRecord[], asked: readonly string[], lacking: Unpublished): Unpublished {
  const unasked = keys.map(({ kid }) => kid).filter((kid) => !asked.includes(kid))
  return new Set([...lacking, ...unasked])
}

function currentPolicy({ policy, algorithms }: KeyRingDeps): RotationPolicy {
  const given = typeof policy === 'function' ? policy() : policy
  return { ...DEFAULT_ROTATION_POLICY, ...given, ...(algorithms && { algorithms }) }
}

async function warnOfOtherKeyStores({ nodes, log }: KeyRingDeps, keys: readonly SigningKey[]): Promise<void> {
  const nodesElsewhere = (await nodes?.nodesOnOtherKeyStores(keys.map((key) => key.kid))) ?? []
  if (nodesElsewhere.length === 0) return
  log.error({ event: 'keys.stores-differ', nodes: nodesElsewhere })
}
