import type { JWTPayload } from 'jose'

/**
 * What a revocation is of: a token (`j`), a sign-in (`g`), or all that was issued until an instant to a subject (`s`), a
 * company user (`m`), a client (`c`) or everybody (`*`).
 */
export type Kind = 'j' | 'g' | 's' | 'm' | 'c' | '*'

export type Entry = {
  readonly seq: number
  readonly kind: Kind
  readonly value: string
  /** Epoch seconds: what was issued until then, and in that second, is dead. */
  readonly at: number
  /** Epoch seconds from which no token that it ends can be alive. */
  readonly until: number
}

/** A page of the feed: the entries with `from` < seq <= `to`. */
export type Page = {
  readonly iat: number
  /** Epoch seconds from which the page proves nothing. */
  readonly exp: number
  /** Seconds until the next page is asked for. */
  readonly ttl: number
  readonly from: number
  readonly to: number
  /** The lowest seq that the server still has: who is behind it takes the snapshot. */
  readonly floor: number
  readonly entries: readonly Entry[]
  /** Kinds of entries that are not known here. */
  readonly unknownKinds: readonly string[]
  readonly more: boolean
}

const KINDS: ReadonlySet<unknown> = new Set(['j', 'g', 's', 'm', 'c', '*'])
const LONGEST_VALIDITY_SECONDS = 86_400

/** Reads the claims of a page whose signature is good. @throws Error when it is none. */
export function readPage({ iat, exp, ttl, from, to, floor, entries, more }: JWTPayload): Page {
  const numbers = { iat, exp, ttl, from, to, floor }
  const wrong = Object.entries(numbers).find(([, value]) => typeof value !== 'number' || !(value >= 0))
  if (wrong) throw new Error(`its ${wrong[0]} is no number`)
  const page = numbers as Record<keyof typeof numbers, number> // every one was looked at
  if (page.exp - page.iat > LONGEST_VALIDITY_SECONDS) throw new Error('it claims to hold for more than a day')
  if (page.to < page.from) throw new Error('it ends before it begins')
  if (!Array.isArray(entries)) throw new Error('it has no entries')
  const read = entries.map(readEntry)
  return {
    ...page,
    entries: read.filter((each): each is Entry => typeof each !== 'string'),
    unknownKinds: [...new Set(read.filter((each): each is string => typeof each === 'string'))],
    more: more === true,
  }
}

/** The entry, or its kind where that is not known here. */
function readEntry(value: unknown): Entry | string {
  const [seq, kind, id, at, until]: readonly unknown[] = Array.isArray(value) ? value : []
  const isNumbered = typeof seq === 'number' && typeof at === 'number' && typeof until === 'number'
  if (!isNumbered || typeof kind !== 'string') throw new Error('an entry cannot be read')
  if (!KINDS.has(kind)) return kind
  if (kind !== '*' && (typeof id !== 'string' || id === '')) throw new Error('an entry names nothing')
  return { seq, kind: kind as Kind, value: kind === '*' ? '*' : String(id), at, until } // it is one of KINDS
}
