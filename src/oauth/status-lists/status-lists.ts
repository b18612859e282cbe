import { createRecent } from '../../cache.ts'
import { type Database, QUERY_LIMIT_MS } from '../../database/database.ts'
import { createOneWriter } from '../../database/one-writer.ts'
import { agentAccountId } from '../accounts/agent-account.ts'
import { type FeedLog, feedEntry } from '../revocation-feed/feed-entry.ts'
import { createHeadWatch } from '../revocation-feed/head-watch.ts'
import { signedForAnybody } from '../revocation-feed/signed-for-anybody.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import type { JwtSigner } from '../tokens/sign-jwt.ts'
import { encodeList, packStatuses } from './pack-statuses.ts'
import { createPlaceGiver, shardOf } from './place-giver.ts'
import {
  insertTokens,
  isLive,
  liveLists,
  markEnded,
  placesOver,
  pruneLists,
  readMarked,
  reserveBlock,
  type StatusRow,
  saveMarked,
} from './status-rows.ts'

/** The claim of a token that says where its status is (Token Status List, section 6.1). */
export type StatusClaim = { readonly status_list: { readonly idx: number; readonly uri: string } }

/** A signed list. `signedAt` is epoch seconds. */
export type SignedList = { readonly jwt: string; readonly signedAt: number }

export type StatusListDeps = {
  readonly database: Pick<Database, 'knex' | 'answeringWithin'>
  readonly endingLog: FeedLog
  readonly signer: JwtSigner
  readonly issuer: string
  /** How long verifiers may keep a list. */
  readonly ttlSeconds: number
  /** Places of a list: it has them from its first day, so that no copy of it is too short for a token that is younger. */
  readonly capacity?: number
}

export type StatusLists = ReturnType<typeof createStatusLists>

type Known = SignedList & {
  readonly builtAtMs: number
  readonly head: number
  /** How long making it took. */
  readonly tookMs: number
}

const CAPACITY = 2 ** 20
const BLOCK = 1024
const MOST_WRITTEN = 500
/** Endings are marked once more while they are younger: a token that was under way when its sign-in ended may get its place later. */
const MARKED_AGAIN_MS = 60_000
const ENDINGS_AT_ONCE = 1000
/** A list that takes long to make is made more seldom. */
const REST_PER_WORK = 10
const MOST_LISTS = 64
/** For clocks that differ. */
const KEPT_SECONDS = 120

/** Token Status Lists: a place for each token of resource servers that ask for it, and the signed lists that say which are over. */
export function createStatusLists(deps: StatusListDeps) {
  const { database, endingLog, signer, issuer, ttlSeconds, capacity = CAPACITY } = deps
  const { knex } = database
  const size = Math.min(BLOCK, capacity)
  const givePlace = createPlaceGiver((expiresAt) => reserveBlock(knex, { expiresAt, size, capacity }), size)
  const rows = createOneWriter<StatusRow, undefined>(
    async (batch) => {
      await database.answeringWithin(QUERY_LIMIT_MS, () => insertTokens(knex, batch))
      return batch.map(() => undefined)
    },
    { most: MOST_WRITTEN },
  )
  const watch = createHeadWatch(endingLog, { keptMs: ttlSeconds * 500, now: Date.now })
  const lists = createRecent<Known>(MOST_LISTS)
  const underWay = new Map<string, Promise<Known | undefined>>()
  let marking: Promise<void> | undefined

  /** Marks what ended since, and keeps up to which place that need not be done again. Nodes that do it at once do the same. */
  async function mark(): Promise<void> {
    const from = await readMarked(knex)
    let isOver = from
    for (let seq = from, isMore = true; isMore; ) {
      const endings = await endingLog.after(seq, ENDINGS_AT_ONCE)
      await markEnded(
        knex,
        endings.map(feedEntry).filter((entry) => entry !== undefined),
      )
      const oldest = Date.now() - MARKED_AGAIN_MS
      isOver = endings.findLast(({ settledAtMs }) => settledAtMs < oldest)?.seq ?? isOver
      seq = endings.at(-1)?.seq ?? seq
      isMore = endings.length === ENDINGS_AT_ONCE
    }
    if (isOver > from) await saveMarked(knex, isOver)
  }

  async function build(listId: string): Promise<Known | undefined> {
    const startedMs = Date.now()
    const iat = Math.floor(startedMs / 1000)
    if (!(await isLive(knex, listId, iat))) return undefined
    const { head } = await watch.current()
    marking ??= mark().finally(() => {
      marking = undefined
    })
    await marking
    const places = await placesOver(knex, listId)
    const bytes = packStatuses(
      places.map((place) => [place, 1] as const),
      { bits: 1, size: capacity },
    )
    const status_list = await encodeList(bytes, 1)
    const claims = { sub: uriOf(listId), iat, exp: iat + 3 * ttlSeconds, ttl: ttlSeconds, status_list }
    const jwt = await signedForAnybody(signer, 'statuslist+jwt', claims)
    return { jwt, signedAt: iat, builtAtMs: startedMs, head, tookMs: Date.now() - startedMs }
  }

  const uriOf = (listId: string) => `${issuer}/status-lists/${listId}`

  function isGood({ builtAtMs, head, tookMs }: Known, headNow: number): boolean {
    const ageMs = Date.now() - builtAtMs
    return ageMs < tookMs * REST_PER_WORK || (head === headNow && ageMs < ttlSeconds * 500)
  }

  return {
    ttlSeconds,

    /** Gives a token its place, and keeps which token has it; when the promise resolves it cannot be lost. */
    async place(token: FoundToken): Promise<StatusClaim> {
      const { listId, place } = await givePlace(shardOf(token.exp, Date.now() / 1000))
      await rows.add(toRow(token, listId, place))
      return { status_list: { idx: place, uri: uriOf(listId) } }
    },

    /** The list of this id as it is now; undefined where there is none. */
    async list(listId: string): Promise<SignedList | undefined> {
      const { head } = await watch.current()
      const known = lists.get(listId)
      if (known && isGood(known, head)) return known
      const made = underWay.get(listId) ?? build(listId).finally(() => underWay.delete(listId))
      underWay.set(listId, made)
      const built = await made
      if (built) lists.set(listId, built)
      return built
    },

    /** Removes lists whose last token expired, a while after it. @returns how many tokens were in them. */
    prune: () => pruneLists(knex, Math.floor(Date.now() / 1000) - KEPT_SECONDS),

    /** The addresses of all lists that have living tokens. */
    async uris(): Promise<string[]> {
      return (await liveLists(knex, Math.floor(Date.now() / 1000))).map(uriOf)
    },
  }
}

function toRow(token: FoundToken, listId: string, place: number): StatusRow {
  const { jti = '', clientId, grantClientId, grantId, parentGrantId, accountId, actingAgentId, companyUserId } = token
  return {
    list_id: listId,
    place,
    issued_at: token.iat,
    jti,
    client_id: clientId,
    grant_client_id: grantClientId,
    grant_id: grantId,
    parent_grant_id: parentGrantId,
    account_id: accountId,
    agent_id: actingAgentId && agentAccountId(actingAgentId),
    company_user_id: companyUserId,
  }
}
