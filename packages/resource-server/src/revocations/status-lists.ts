import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { createBoundedMap } from '../bounded-map.ts'
import { type Claims, memberOf } from '../claims.ts'
import type { Emit } from '../events.ts'
import type { VerifyDocument } from '../keys/verify-document.ts'
import type { Ask } from '../outgoing.ts'

/** What the status list says of a token; `absent` when the token names none. */
export type ListedStatus = 'absent' | 'valid' | 'invalid' | 'unreachable'

export type StatusLists = { judge(claims: Claims): Promise<ListedStatus> }

export type StatusListDeps = {
  readonly issuer: string
  readonly origins: readonly string[]
  readonly maxLists: number
  readonly ask: Ask
  readonly verifyDocument: VerifyDocument
  readonly emit: Emit
  readonly now: () => number
}

type List = {
  readonly bits: number
  readonly bytes: Uint8Array
  readonly freshUntilMs: number
  readonly validUntilMs: number
}

const MAX_BYTES = 8 * 1_048_576
/** Of a list once it is inflated: 16 million entries of a bit. */
const MAX_LIST_BYTES = 2 * 1_048_576
const RETRY_MS = 5000
const LONGEST_TTL_SECONDS = 3600

/** Looks tokens up in the lists that they name (Token Status List). Lists are kept for their `ttl`, and not beyond `exp`. */
export function createStatusLists(deps: StatusListDeps): StatusLists {
  const { issuer, ask, verifyDocument, emit, now } = deps
  const origins = new Set([new URL(issuer).origin, ...deps.origins])
  const lists = createBoundedMap<List>(deps.maxLists)
  const failedAtMs = createBoundedMap<number>(deps.maxLists)
  const underWay = new Map<string, Promise<List>>()

  async function read(uri: string): Promise<List> {
    const { status, body } = await ask(uri, { maxBytes: MAX_BYTES, headers: { accept: 'application/statuslist+jwt' } })
    if (status !== 200) throw new Error(`${uri} answered ${status}`)
    const jwt = new TextDecoder().decode(body).trim()
    const { exp, ttl, status_list } = await verifyDocument(jwt, { typ: 'statuslist+jwt', subject: uri, now: now() })
    const [bits, lst] = [memberOf(status_list, 'bits'), memberOf(status_list, 'lst')]
    const seconds = typeof ttl === 'number' && ttl > 0 ? Math.min(ttl, LONGEST_TTL_SECONDS) : 60
    const validUntilMs = typeof exp === 'number' ? exp * 1000 : now() + LONGEST_TTL_SECONDS * 1000
    return { ...(await inflateList(bits, lst)), freshUntilMs: now() + seconds * 1000, validUntilMs }
  }

  async function find(uri: string): Promise<List | undefined> {
    const known = lists.get(uri)
    if (known && now() < Math.min(known.freshUntilMs, known.validUntilMs)) return known
    const stillHolds = known && now() < known.validUntilMs ? known : undefined
    if (now() - (failedAtMs.get(uri) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return stillHolds
    const reading = underWay.get(uri) ?? read(uri).finally(() => underWay.delete(uri))
    underWay.set(uri, reading)
    try {
      const list = await reading
      lists.set(uri, list)
      return list
    } catch (error) {
      failedAtMs.set(uri, now())
      const message = 'A status list cannot be had. Tokens that name it are judged as whenUnreachable says.'
      emit({ event: 'status-list.unreachable', level: 'warn', message, uri, error: String(error) })
      return stillHolds
    }
  }

  return {
    async judge(claims) {
      const reference = memberOf(claims.status, 'status_list')
      if (reference === undefined) return 'absent'
      const [idx, uri] = [memberOf(reference, 'idx'), memberOf(reference, 'uri')]
      if (typeof idx !== 'number' || !Number.isSafeInteger(idx) || idx < 0) return 'invalid'
      if (typeof uri !== 'string' || !URL.canParse(uri) || !origins.has(new URL(uri).origin)) return 'invalid'
      const list = await find(uri)
      if (!list) return 'unreachable'
      return statusAt(list, idx) === 0 ? 'valid' : 'invalid'
    },
  }
}

/** @throws Error when it is no list, or inflates to more than 2 MB. */
export async function inflateList(bits: unknown, lst: unknown): Promise<Pick<List, 'bits' | 'bytes'>> {
  if (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) throw new Error('a status has 1, 2, 4 or 8 bits')
  if (typeof lst !== 'string') throw new Error('there is no list')
  const bytes = await inflateAsync(Buffer.from(lst, 'base64url'), { maxOutputLength: MAX_LIST_BYTES })
  return { bits, bytes }
}

/** The status with this index, lowest bits first; undefined beyond the list, which is not valid either. */
export function statusAt({ bits, bytes }: Pick<List, 'bits' | 'bytes'>, index: number): number | undefined {
  const byte = bytes[Math.floor((index * bits) / 8)]
  return byte === undefined ? undefined : (byte >> ((index * bits) % 8)) & (2 ** bits - 1)
}

const inflateAsync = promisify(inflate)
