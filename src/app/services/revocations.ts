import type { Config } from '../../config.ts'
import { createRevocationFeed, type RevocationFeed } from '../../oauth/revocation-feed/feed.ts'
import { createStatusLists, type StatusLists } from '../../oauth/status-lists/status-lists.ts'
import { createJwtSigner } from '../../oauth/tokens/sign-jwt.ts'
import type { Backends } from '../backends.ts'

/** What those who check tokens by themselves are told of endings. */
export type RevocationServices = {
  /** Undefined without REVOCATION_FEED. */
  readonly feed: RevocationFeed | undefined
  readonly statusLists: StatusLists
  /** Members of the server's metadata that lead to them. */
  readonly metadata: Readonly<Record<string, string>>
}

/** Both read the log of endings, and are signed by the keys that sign tokens. */
export function createRevocationServices(
  config: Config,
  { endingLog, keyRing, database }: Pick<Backends, 'endingLog' | 'keyRing' | 'database'>,
): RevocationServices {
  const issuer = config.ISSUER
  const signer = createJwtSigner(keyRing.keys)
  const feed = config.REVOCATION_FEED
    ? createRevocationFeed({ endingLog, signer, issuer, ttlSeconds: config.REVOCATION_FEED_TTL_SECONDS })
    : undefined
  // A key that was removed has signed pages that no reader can check any more.
  keyRing.onChange(() => feed?.forget())
  return {
    feed,
    statusLists: createStatusLists({ database, endingLog, signer, issuer, ttlSeconds: config.STATUS_LIST_TTL_SECONDS }),
    metadata: {
      ...(feed && { vestibule_revocation_feed: `${issuer}/revocations` }),
      status_list_aggregation_endpoint: `${issuer}/status-lists`,
    },
  }
}
