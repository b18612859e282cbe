import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { SigningKey } from '../../../src/keys/signing-key.ts'
import type { FeedLog } from '../../../src/oauth/revocation-feed/feed-entry.ts'
import type { LoggedEnding } from '../../../src/sign-in-endings/ending-rows.ts'

export type Ended = Partial<LoggedEnding> & Pick<LoggedEnding, 'what'>

/** A log of endings in memory, which can be pruned, restored to an earlier state, and away. */
export function createFakeEndingLog() {
  const rows: LoggedEnding[] = []
  const listeners = new Set<() => void>()
  let [head, floor, asked, isAway] = [0, 0, 0, false]
  const answer = <T>(value: T): Promise<T> => {
    asked++
    return isAway ? Promise.reject(new Error('away')) : Promise.resolve(value)
  }
  return {
    after: (seq, limit) => answer(rows.filter((row) => row.seq > seq).slice(0, limit)),
    head: () => answer(head),
    floor: () => answer(floor),
    onNew(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    end({ ...ended }: Ended, { isTold = true } = {}): number {
      const atMs = ended.atMs ?? Date.now()
      head++
      rows.push({
        id: String(head),
        why: 'operator',
        atMs,
        settledAtMs: atMs,
        untilMs: atMs + 3_600_000,
        ...ended,
        seq: head,
      })
      if (isTold) for (const listener of listeners) listener()
      return head
    },
    prune(upTo: number): void {
      rows.splice(0, rows.findLastIndex(({ seq }) => seq <= upTo) + 1)
      floor = upTo
    },
    restore(to: number): void {
      rows.splice(rows.findIndex(({ seq }) => seq > to))
      head = to
    },
    setAway: (value: boolean) => {
      isAway = value
    },
    asked: () => asked,
  } satisfies FeedLog & Record<string, unknown>
}

/** A key of an algorithm, as the server has them. */
export function makeKey(algorithm: 'ES256' | 'RS256'): SigningKey {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    kid: `kid-${algorithm}`,
    algorithm,
    state: 'active',
    createdAt: 0,
    since: 0,
    publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    sign: (input) =>
      sign('sha256', input, {
        key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
        ...(algorithm === 'ES256' && { dsaEncoding: 'ieee-p1363' as const }),
      }),
  }
}
