import type { RevocationFeed } from '../oauth/revocation-feed/feed.ts'
import { isPacked } from '../oauth/revocation-feed/for-anybody.ts'
import { pageHeaders } from '../oauth/revocation-feed/page-answer.ts'
import type { AtOnce } from './endpoint.ts'

const AFTER = /\?after=(\d{1,15})$/

/** A poll of the feed of revocations by who keeps up, from the page that is kept in memory. */
export function fastRevocations(feed: RevocationFeed): AtOnce {
  return {
    rule: { method: 'GET', paths: ['/revocations'], takesQuery: true, withoutHeaders: ['if-none-match'] },
    route: 'revocations',
    answer({ target }) {
      const after = AFTER.exec(target)?.[1]
      const page = after === undefined ? undefined : feed.peek(Number(after))
      if (!page || isPacked(page.jwt)) return undefined
      return { headers: pageHeaders(feed, page), body: page.jwt }
    },
  }
}
