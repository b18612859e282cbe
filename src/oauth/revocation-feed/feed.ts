import { createRecent } from '../../cache.ts'
import type { JwtSigner } from '../tokens/sign-jwt.ts'
import { type FeedLog, feedEntry } from './feed-entry.ts'
import { createHeadWatch } from './head-watch.ts'
import { createNewestEntries } from './newest-entries.ts'
import { signedForAnybody } from './signed-for-anybody.ts'

export type FeedDeps = {
  readonly endingLog: FeedLog
  readonly signer: JwtSigner
  readonly issuer: string
  /** Until the next poll; a page says so, and is signed anew after as long. */
  readonly ttlSeconds: number
  /** Endings that one page tells of. */
  readonly entriesAtOnce?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** A signed page (see `docs/how-to/follow-revocations.md`). Instants are epoch seconds. */
export type FeedPage = {
  readonly jwt: string
  readonly iat: number
  /** Epoch milliseconds: what had ended by then is in it. */
  readonly checkedAtMs: number
  /** Epoch milliseconds: since when pages from and to there are signed here. */
  readonly sinceMs: number
  readonly from: number
  /** The cursor to go on with. */
  readonly to: number
  readonly isCut: boolean
  readonly entries: number
}

export type RevocationFeed = ReturnType<typeof createRevocationFeed>

/** Endings of a page of 100 KB; as many are kept in memory. */
const ENTRIES_AT_ONCE = 1000
/** Pages kept: readers that keep up share a few. Of full pages some 20 MB. */
const MOST_PAGES = 200
/** A page is good for as many polls. */
const POLLS_PER_PAGE = 3
/** For so many polls after the last news a page that a reader has is confirmed; then readers get it signed anew. */
const CONFIRMED_POLLS = 1.5
/** Pages that are signed in a second, each for a cursor of its own. Above it, cursors that are near each other share a page. */
const OWN_PAGES_PER_SECOND = 100

/**
 * The feed of revocations: signed pages of what ended, each kept until something else ends or its time is over. A page is never signed anew
 * on what a node only believes: the log is asked at least every `ttlSeconds`, and while it does not answer there are no new pages.
 */
export function createRevocationFeed(deps: FeedDeps) {
  const { endingLog, signer, issuer, ttlSeconds, entriesAtOnce = ENTRIES_AT_ONCE, now = Date.now } = deps
  const watch = createHeadWatch(endingLog, { keptMs: ttlSeconds * 1000, now })
  const newestAfter = createNewestEntries(endingLog, entriesAtOnce)
  const pages = createRecent<FeedPage, number>(MOST_PAGES)
  const underWay = new Map<number, Promise<FeedPage>>()

  /** A cursor that the log still reaches; 0 for the snapshot, which is everything that it has. */
  async function startOf(after: number | undefined): Promise<number> {
    if (after === undefined) return 0
    const { head, floor } = await watch.current()
    if (after < floor) return 0
    // Another node may know more. If none does, the log is younger than the cursor: it was restored from a backup.
    if (after > head && after > (await watch.check()).head) return 0
    // Of readers that are far behind many share a page, which then begins before their cursors.
    return after < head - entriesAtOnce ? after - (after % entriesAtOnce) : after
  }

  function isGood(page: FeedPage, head: number): boolean {
    const isComplete = page.isCut || page.to >= head
    return isComplete && now() - page.checkedAtMs < ttlSeconds * 1000
  }

  /** What the log has behind a place: all of it, or as much as one page tells of. */
  async function read(from: number, head: number) {
    const newest = await newestAfter(from, head)
    if (newest) return { ...newest, isCut: false }
    const rows = await endingLog.after(from, entriesAtOnce)
    return {
      entries: rows.map(feedEntry).filter((entry) => entry !== undefined),
      to: rows.at(-1)?.seq ?? head,
      isCut: rows.length > 0,
    }
  }

  async function build(from: number): Promise<FeedPage> {
    const { head, floor, checkedAtMs, sinceMs } = await watch.current()
    const { entries: all, to, isCut } = await read(from, head)
    const iat = Math.floor(checkedAtMs / 1000)
    const entries = all.filter(([, , , , until]) => until > iat)
    const exp = iat + POLLS_PER_PAGE * ttlSeconds
    const claims = { iss: issuer, iat, exp, ttl: ttlSeconds, from, to, floor, entries, more: isCut }
    const jwt = await signedForAnybody(signer, 'revocations+jwt', claims)
    const known = pages.get(from)
    const since = known?.to === to ? known.sinceMs : isCut ? checkedAtMs : sinceMs
    return { jwt, iat, checkedAtMs, sinceMs: since, from, to, isCut, entries: entries.length }
  }

  let second = 0
  let signed = 0
  /** Whether one more page may be signed for a cursor that perhaps nobody but a stranger has. */
  function hasOwnPage(): boolean {
    const current = Math.floor(now() / 1000)
    if (current !== second) [second, signed] = [current, 0]
    signed += 1
    return signed <= OWN_PAGES_PER_SECOND
  }

  async function page(after: number | undefined): Promise<FeedPage> {
    const asked = await startOf(after)
    const { head } = await watch.current()
    const kept = pages.get(asked)
    const isAtHand = asked === 0 || asked === head || underWay.has(asked) || (kept && isGood(kept, head))
    const from = isAtHand || hasOwnPage() ? asked : asked - (asked % entriesAtOnce)
    const known = pages.get(from)
    if (known && isGood(known, head)) return known
    const joined = underWay.get(from)
    // One that was begun before the newest ending may not have it.
    const before = joined && (await joined)
    if (before && isGood(before, head)) return before
    const made = underWay.get(from) ?? build(from).finally(() => underWay.delete(from))
    underWay.set(from, made)
    const built = await made
    pages.set(built.from, built)
    return built
  }

  return {
    page,

    /** The page behind a cursor that is near the head, where it is at hand as it would be answered now. */
    peek(after: number): FeedPage | undefined {
      const known = watch.peek()
      const isNear = known && after <= known.head && after >= known.head - entriesAtOnce && after >= known.floor
      const page = isNear ? pages.get(after) : undefined
      return page && isGood(page, known?.head ?? page.to) ? page : undefined
    },

    ttlSeconds,
    /** Whether every page that was ever signed with this range outlives the next poll, and the one after. */
    isYoung: ({ sinceMs }: FeedPage): boolean => now() - sinceMs < CONFIRMED_POLLS * ttlSeconds * 1000,
    /** Resolves when something may have ended. */
    news: watch.news,
    /** Forgets signed pages: the keys changed. */
    forget: () => pages.clear(),
    close: watch.close,
  }
}
