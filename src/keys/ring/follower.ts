import type { Log } from '../../log.ts'
import type { KeyStore, StoredKeys } from '../key-store.ts'
import { inProcessSigner, type Signer } from '../signers/signer.ts'
import type { SigningKey } from '../signing-key.ts'
import { createKeySetBuilder } from './key-set.ts'
import type { NodeRegistry } from './node-registry.ts'

export type FollowerDeps = {
  readonly store: Pick<KeyStore, 'load' | 'version'>
  readonly nodes?: NodeRegistry | undefined
  readonly log: Pick<Log, 'warn'>
  readonly onSigned?: ((kid: string) => void) | undefined
  readonly signer?: Signer | undefined
}

type Listener = (keys: readonly SigningKey[]) => void

/** What a node last read from the store, and whom it tells when that changes. */
export type Follower = {
  /** Reads the store if it has changed. */
  follow(): Promise<void>
  stored(): StoredKeys
  keys(): readonly SigningKey[]
  onChange(listener: Listener): () => void
}

/** Follows `store` without holding its lock: reads only what changed, and parses only keys not seen before. */
export function createFollower(deps: FollowerDeps): Follower {
  const { store, nodes, log, onSigned = () => {}, signer = inProcessSigner } = deps
  const build = createKeySetBuilder({ signer, onSigned })
  const listeners = new Set<Listener>()
  const warnOfIgnored = createIgnoredWarning(log)
  let version: string | undefined
  let stored: StoredKeys = { records: [], tombstones: [], ignored: [] }
  let keys: readonly SigningKey[] = []

  const read = inTurn(async () => {
    // The version first: a change that comes during the load is then seen by the next look.
    const seen = await store.version()
    if (seen === version) return
    const loaded = await store.load()
    const built = await build(loaded.records)
    const isChanged = describe(built) !== describe(keys)
    ;[version, stored, keys] = [seen, loaded, built]
    warnOfIgnored(loaded.ignored)
    if (isChanged) for (const listener of listeners) listener(keys)
  })

  return {
    async follow() {
      await read()
      await nodes?.register(keys.map((key) => key.kid))
    },
    stored: () => stored,
    keys: () => keys,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** One call at a time: a slow read that began earlier must not put older keys over newer ones. */
function inTurn(work: () => Promise<void>): () => Promise<void> {
  let turn: Promise<void> = Promise.resolve()
  return () => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }
}

function createIgnoredWarning(log: FollowerDeps['log']): (kids: readonly string[]) => void {
  const warned = new Set<string>()
  return (kids) => {
    for (const kid of kids.filter((each) => !warned.has(each))) {
      warned.add(kid)
      log.warn({ event: 'key.ignored', kid })
    }
  }
}

function describe(keys: readonly SigningKey[]): string {
  return keys.map(({ kid, state, since }) => `${kid} ${state} ${since}`).join('\n')
}
