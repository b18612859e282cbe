import { hash, randomBytes } from 'node:crypto'
import type { Storage } from '../../storage/storage.ts'
import { type SessionRecord, type SessionState, sessionRecord } from './session-record.ts'

export type AuthSessions = ReturnType<typeof createAuthSessions>

/** A sign-in under way. `kept` is what is stored of it, with what it takes to be the one that goes on with it. */
export type AuthSession = {
  readonly id: string
  readonly kept?: { readonly version: number; readonly record: SessionRecord }
}

export type AuthSessionsDeps = {
  readonly storage: Pick<Storage, 'get' | 'putOnce' | 'swap' | 'remove'>
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const KIND = 'AuthSession'
/** A name of 128 random bits, under which the record is found, and a secret of 256. */
const NAME_BYTES = 16
const SECRET_BYTES = 32
const NAME_LENGTH = Math.ceil((NAME_BYTES * 4) / 3)
const VALUE = /^[\w-]{65}$/
/** How long a sign-in may take. */
export const OPEN_SECONDS = 900
/** An answer may get lost: its request may be repeated with the value of before. */
const GRACE_MS = 10_000
/** Requests that come together with one that proves something. */
const MOST_TWINS = 20

/**
 * The sign-ins under way, and those that apps keep to step up. An app knows each by `auth_session`, which is another value in
 * every answer; storage has digests only. Of requests that come together one wins, and the others are told that theirs is invalid.
 */
export function createAuthSessions({ storage, now = () => Date.now() }: AuthSessionsDeps) {
  async function find(id: string): Promise<Required<AuthSession> | undefined> {
    const stored = await storage.get(KIND, id)
    const parsed = sessionRecord.safeParse(stored?.artifact)
    return stored && parsed.success ? { id, kept: { version: stored.version, record: parsed.data } } : undefined
  }

  /**
   * Of requests that come together one wins. One that proved something wins against those that proved nothing: a code works once, and
   * wrong ones beside it must not make it worthless.
   */
  async function replace(
    { id, kept }: Required<AuthSession>,
    next: Omit<SessionRecord, 'previous'>,
    ttlSeconds: number,
  ): Promise<boolean> {
    const hasProved = JSON.stringify(next.person) !== JSON.stringify(kept.record.person)
    let current = kept
    for (let tries = 0; tries < MOST_TWINS; tries++) {
      const previous = { digest: current.record.digest, untilMs: now() + GRACE_MS }
      const artifact = { ...next, previous }
      if (await storage.swap(KIND, id, current.version, { artifact, ttlSeconds })) return true
      const found = hasProved ? await find(id) : undefined
      if (!found || !isUnmoved(kept.record, found.kept.record)) return false
      current = found.kept
    }
    return false
  }

  return {
    /** A new one, of which nothing is stored yet. */
    begin: (): AuthSession => ({ id: randomBytes(NAME_BYTES).toString('base64url') }),

    /** Undefined where the value is none, or is old. The value of before opens it once, for ten seconds, until the sign-in is complete. */
    async open(value: string): Promise<Required<AuthSession> | undefined> {
      if (!VALUE.test(value)) return undefined
      const id = value.slice(0, NAME_LENGTH)
      const session = await find(id)
      if (!session || session.kept.record.endsAtMs <= now()) return undefined
      const digest = digestOf(value)
      const { previous, isFinished, digest: current } = session.kept.record
      const isLate = previous?.digest === digest && now() < previous.untilMs && !isFinished
      return current === digest || isLate ? session : undefined
    },

    /**
     * Keeps what became of a sign-in, for `ttlSeconds` from now where it is complete. The value to go on with; undefined where another
     * request with the same value was first.
     */
    async save(session: AuthSession, state: SessionState, ttlSeconds = 0): Promise<string | undefined> {
      const { id, kept } = session
      const value = id + randomBytes(SECRET_BYTES).toString('base64url')
      const startedUntilMs = kept?.record.endsAtMs ?? now() + OPEN_SECONDS * 1000
      const endsAtMs = Math.max(startedUntilMs, now() + ttlSeconds * 1000)
      const lifeSeconds = Math.max(1, Math.ceil((endsAtMs - now()) / 1000))
      const next = { ...state, digest: digestOf(value), endsAtMs }
      const isOurs = kept
        ? await replace(session as Required<AuthSession>, next, lifeSeconds) // it is kept
        : await storage.putOnce(KIND, id, next, lifeSeconds)
      return isOurs ? value : undefined
    },

    /** What ends the grant of the last code ends the sign-in too. */
    hasGrant: async (grantId: string): Promise<boolean> => (await storage.get('Grant', grantId)) !== undefined,

    /** Ends one for exactly one caller; false where another request was first. */
    async end(session: AuthSession): Promise<boolean> {
      if (!session.kept) return true
      const { previous: _previous, ...record } = session.kept.record
      const isOurs = await replace(session as Required<AuthSession>, { ...record, digest: '', isFinished: true }, 1) // it is kept
      if (isOurs) await storage.remove(KIND, session.id)
      return isOurs
    },
  }
}

/** Whether nothing was proved in a sign-in since, and nothing else is asked of it. */
function isUnmoved(before: SessionRecord, now: SessionRecord): boolean {
  const partsOf = ({ isFinished, person, round }: SessionRecord) => JSON.stringify([isFinished, person, round])
  return partsOf(before) === partsOf(now)
}

/** The name of a sign-in for what is bound to it: codes and challenges. It opens nothing. */
export function placeOf({ id }: Pick<AuthSession, 'id'>): string {
  return `auth-session ${hash('sha256', id, 'base64url')}`
}

/** The value has 256 bits that are random: a plain digest of it is not guessed. */
function digestOf(value: string): string {
  return hash('sha256', value, 'base64url')
}
