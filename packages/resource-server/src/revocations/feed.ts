import type { Claims } from '../claims.ts'
import type { Emit } from '../events.ts'
import type { VerifyDocument } from '../keys/verify-document.ts'
import type { Ask } from '../outgoing.ts'
import { type Page, readPage } from './page.ts'
import { createRevoked } from './revoked.ts'

export type FeedState = {
  readonly isBlind: boolean
  /** Milliseconds since the epoch until which the page at hand holds. */
  readonly freshUntilMs: number
  readonly cursor: number | undefined
  readonly entries: number
}

export type FeedVerdict =
  | { readonly outcome: 'revoked'; readonly reason: string }
  | { readonly outcome: 'not-revoked' | 'blind' | 'absent' }

export type Feed = {
  /** Begins to follow; waits for the first answer, at most as long as a request waits. */
  start(): Promise<void>
  /** `blind` when nothing fresh is at hand, `absent` when the server publishes no feed. */
  judge(claims: Claims): Promise<FeedVerdict>
  state(): FeedState
  close(): void
}

export type FeedDeps = {
  readonly issuer: string
  /** Undefined when the server publishes none. */
  readonly url: () => Promise<string | undefined>
  readonly ask: Ask
  readonly verifyDocument: VerifyDocument
  readonly waitSeconds: number
  readonly maxEntries: number
  readonly clockSkewSeconds: number
  readonly emit: Emit
  readonly now: () => number
}

const MAX_BYTES = 8 * 1_048_576
/** Of one round: a server whose pages never end is not followed for ever. */
const MAX_PAGES = 1000
const LONGEST_PAUSE_MS = 30_000
/** How often a server without a feed is asked for one. */
const ABSENT_SECONDS = 300
/** For so long a server that has nobody wait is polled. */
const POLLS_INSTEAD_MS = 60_000

/**
 * Follows the feed of revocations. Each page is signed and holds for three times its `ttl`: a service that gets no newer
 * one within that time knows that it is blind. What is at hand counts while it is blind as well.
 */
export function createFeed(deps: FeedDeps): Feed {
  const { issuer, emit, now, waitSeconds } = deps
  const revoked = createRevoked(deps.maxEntries, deps.clockSkewSeconds)
  let cursor: number | undefined
  /** The highest seq that was ever seen. */
  let highest = 0
  let page: Pick<Page, 'iat' | 'ttl'> | undefined
  /** Epoch seconds until which all that ended is at hand: a page that others follow proves nothing of those. */
  let sightUntil = 0
  let etag: string | null = null
  let isFull = false
  let failures = 0
  let nextAtMs = 0
  let wasBlind = false
  let isAbsent = false
  let wasAnswered = false
  /** Too many wait at the server: it is polled until then. */
  let pollsUntilMs = 0
  let isClosed = false
  let underWay: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const isBlind = () => isFull || now() >= sightUntil * 1000
  const mayWait = () => waitSeconds > 0 && !isBlind() && now() >= pollsUntilMs

  /** True when the server has no more than the last page said. */
  async function readOnce(): Promise<boolean> {
    wasAnswered = false
    const published = await deps.url()
    if ((published === undefined) !== isAbsent) tellAbsence(published === undefined)
    if (published === undefined) return true
    const address = new URL(published)
    if (cursor !== undefined) address.searchParams.set('after', String(cursor))
    const waits = cursor !== undefined && mayWait()
    if (waits) address.searchParams.set('wait', String(waitSeconds))
    // Not modified does not make the page at hand hold longer: asked only while it will still hold next time.
    const mayBeSame =
      page !== undefined && etag !== null && sightUntil * 1000 - now() > 2000 * Math.max(page.ttl, waitSeconds)
    const { status, headers, body } = await deps.ask(address.href, {
      maxBytes: MAX_BYTES,
      waitMs: waits ? waitSeconds * 1000 : 0,
      headers: { accept: 'application/jwt', ...(mayBeSame && etag !== null && { 'if-none-match': etag }) },
    })
    if (status === 429 && waits) {
      pollsUntilMs = now() + POLLS_INSTEAD_MS
      return readOnce()
    }
    wasAnswered = status !== 429 && status < 500
    if (status === 304 && mayBeSame) return true
    if (status !== 200) throw new Error(`the feed answered ${status}`)
    const claims = await deps
      .verifyDocument(new TextDecoder().decode(body).trim(), { typ: 'revocations+jwt', issuer, now: now() })
      .catch((error: unknown) => {
        const message = 'A page of the revocation feed is not the server’s, or not valid. It is not used.'
        emit({ event: 'feed.refused-page', level: 'error', message, error: String(error) })
        throw error
      })
    return take(readPage(claims), headers.get('etag'))
  }

  function tellAbsence(absent: boolean): void {
    isAbsent = absent
    if (!absent) return
    const message =
      'The server publishes no revocation feed: revoked JWTs pass until they expire, except where isFresh asks.'
    emit({ event: 'feed.absent', level: 'warn', message })
  }

  function take(next: Page, nextEtag: string | null): boolean {
    // An older copy, from a cache on the way. The next page of a full one may have been signed earlier.
    if (page && next.iat < page.iat && next.to <= highest) return true
    if (next.more && next.to === next.from) throw new Error('it says that more follows, and goes no further')
    // A page of the middle would hide what ended before it.
    if (cursor === undefined && next.from > 0) throw new Error(`it begins at ${next.from}, and is no snapshot`)
    if (cursor !== undefined && (next.from > cursor || (next.from === cursor && next.floor > cursor + 1))) {
      cursor = undefined
      etag = null
      return false // entries in between are gone: the snapshot has those that count
    }
    if (next.to < highest) {
      const message =
        'The revocation feed has fewer entries than before. It is read anew; what is at hand still counts.'
      emit({ event: 'feed.rewound', level: 'warn', message, highest, to: next.to })
    }
    highest = next.to
    const isWhole = revoked.add(next.entries, Math.floor(now() / 1000))
    if (!isWhole) {
      const message = `There are more revocations than maxEntries (${deps.maxEntries}): this service is blind until some expire.`
      emit({ event: 'feed.full', level: 'error', message })
    }
    if (next.unknownKinds.length > 0) {
      const message = 'The revocation feed has entries of kinds that are not known here. Update this package.'
      emit({ event: 'feed.unknown-kind', level: 'error', message, kinds: next.unknownKinds })
    }
    // A page that was full leaves its entries to be read again.
    isFull = !isWhole
    cursor = isWhole ? next.to : undefined
    page = next
    if (!next.more) sightUntil = next.exp
    etag = isWhole && !next.more ? nextEtag : null
    return !next.more || isFull
  }

  async function round(): Promise<void> {
    try {
      for (let pages = 0; pages < MAX_PAGES; pages++) if (await readOnce()) break
      failures = 0
      const pauseSeconds = isAbsent ? ABSENT_SECONDS : Math.min(Math.max(page?.ttl ?? 1, 1), 3600)
      nextAtMs = now() + (mayWait() ? 0 : 1000 * pauseSeconds)
    } catch (error) {
      failures += 1
      // An answer that cannot be used may be because of the cursor: the snapshot needs none. Not where the server is busy.
      if (wasAnswered) cursor = undefined
      const pauseMs = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(failures - 1, 10))
      nextAtMs = now() + Math.min(pauseMs, 1000 * Math.max(page?.ttl ?? 1, 1)) * (0.75 + Math.random() / 2)
      const message = 'The revocation feed cannot be read. It is tried again.'
      emit({ event: 'feed.unreachable', level: 'warn', message, error: String(error), failures })
    } finally {
      tellSight()
      underWay = undefined
      schedule()
    }
  }

  function tellSight(): void {
    const blind = isBlind() && !isAbsent
    if (blind && !wasBlind) {
      const message = 'Nothing fresh is known of revocations: this service is blind, and does as whenUnreachable says.'
      emit({ event: 'feed.blind', level: 'error', message })
    }
    if (!blind && wasBlind)
      emit({ event: 'feed.recovered', level: 'info', message: 'The revocation feed is followed again.' })
    wasBlind = blind
  }

  function schedule(): void {
    if (isClosed) return
    clearTimeout(timer)
    timer = setTimeout(() => void roundOnce(), Math.max(nextAtMs - now(), 50))
    if (typeof timer === 'object') timer.unref?.()
  }

  function roundOnce(): Promise<void> {
    underWay ??= round()
    return underWay
  }

  return {
    async start() {
      if (page === undefined && now() >= nextAtMs) await roundOnce()
    },
    async judge(claims) {
      // Where timers stand still between requests, requests drive the feed.
      if (now() >= nextAtMs && isBlind()) {
        const reading = roundOnce()
        // While the feed is known to be away, requests do not wait for another try.
        if (failures === 0) await reading
      }
      const reason = revoked.find(claims)
      if (reason !== undefined) return { outcome: 'revoked', reason }
      if (isAbsent) return { outcome: 'absent' }
      if (isBlind() && !wasBlind) tellSight()
      return { outcome: isBlind() ? 'blind' : 'not-revoked' }
    },
    state: () => ({
      isBlind: isBlind(),
      freshUntilMs: isFull ? 0 : sightUntil * 1000,
      cursor,
      entries: revoked.size(),
    }),
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}
