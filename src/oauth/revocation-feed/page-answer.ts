import type { HeaderList } from '../../http/security-headers.ts'
import type { FeedPage, RevocationFeed } from './feed.ts'
import { type ForAnybody, headersForAnybody } from './for-anybody.ts'

/** Half of the time between two polls: by so much a cache may delay what a poll would find. */
export function cacheSecondsOf(ttlSeconds: number): number {
  return Math.max(1, Math.floor(ttlSeconds / 2))
}

/** A page as it is answered; what somebody waited for is for them alone. */
export function pageAnswer(
  feed: Pick<RevocationFeed, 'ttlSeconds' | 'isYoung'>,
  page: FeedPage,
  { wasWaitedFor }: { readonly wasWaitedFor: boolean },
): ForAnybody {
  return {
    body: page.jwt,
    contentType: 'application/jwt',
    etag: `"${page.to}"`,
    signedAt: page.iat,
    mayBeUnchanged: feed.isYoung(page),
    cacheSeconds: wasWaitedFor ? 0 : cacheSecondsOf(feed.ttlSeconds),
  }
}

const headersOf = new WeakMap<FeedPage, HeaderList>()

/** Headers of a page that is answered whole, worked out once. */
export function pageHeaders(feed: Pick<RevocationFeed, 'ttlSeconds' | 'isYoung'>, page: FeedPage): HeaderList {
  const known = headersOf.get(page)
  if (known) return known
  const answer = pageAnswer(feed, page, { wasWaitedFor: false })
  const headers = [...headersForAnybody(answer), 'Content-Type', answer.contentType]
  headersOf.set(page, headers)
  return headers
}
