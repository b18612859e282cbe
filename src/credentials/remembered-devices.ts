import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Knex } from 'knex'
import { isUuid } from '../database/uuid.ts'

/** A browser in which a person need not show the second factor, as they see it in their list. */
export type RememberedDevice = {
  readonly id: string
  /** Which browser it is, as it named itself; null where it said nothing that is known. */
  readonly browser: string | null
  readonly system: string | null
  readonly createdAt: Date
  readonly usedAt: Date
  readonly expiresAt: Date
}

/** What a browser says it is, in words that people know. */
export type DeviceName = { readonly browser?: string; readonly system?: string }

export type RememberedDevices = {
  /** The token that the browser keeps: its id and a secret, of which only the digest stays here. */
  remember(personId: string, name: DeviceName): Promise<string>
  /** Whether a token is of a browser of this person that is remembered now. Asking changes nothing. */
  isRemembered(personId: string, token: string): Promise<boolean>
  /** The same, and the token is replaced, for exactly one caller; undefined for any other token. */
  use(personId: string, token: string): Promise<string | undefined>
  list(personId: string): Promise<RememberedDevice[]>
  /** One, or all of the person's; how many there were. */
  forget(personId: string, id?: string): Promise<number>
}

/** Where a kind of people keeps them. */
export type RememberedDeviceTable = { readonly name: string; readonly personColumn: string }

export type RememberedDevicesDeps = {
  readonly knex: Knex
  readonly table: RememberedDeviceTable
  readonly ttlSeconds: number
  /** Whether everything of the person from this instant (epoch milliseconds) was signed out since. */
  readonly isSignedOut: (personId: string, sinceMs: number) => Promise<boolean>
}

/** Of one person; the oldest makes room. */
const MOST_DEVICES = 20
const TOKEN = /^([\da-f-]{36})\.([\w-]{43})$/

/**
 * Remembered browsers are records of their own, which end one by one, with any change of the person's credentials (by the
 * database), and when the person is signed out everywhere. They replace the second factor and nothing else.
 */
export function createRememberedDevices({
  knex,
  table: { name, personColumn },
  ttlSeconds,
  isSignedOut,
}: RememberedDevicesDeps): RememberedDevices {
  const of = (personId: string) => knex(name).where({ [personColumn]: personId })
  const unexpired = (personId: string) => of(personId).where('expires_at', '>', knex.fn.now())

  async function find(personId: string, token: string): Promise<{ id: string; sha256: string } | undefined> {
    const [, id, secret] = TOKEN.exec(token) ?? []
    if (id === undefined || secret === undefined || !isUuid(id)) return undefined
    const row: Row | undefined = await unexpired(personId).where({ id }).first('sha256', 'created_at')
    if (!row || !isSame(row.sha256, digest(secret))) return undefined
    if (!(await isSignedOut(personId, row.created_at.getTime()))) return { id, sha256: row.sha256 }
    await of(personId).where({ id }).delete()
    return undefined
  }

  return {
    async remember(personId, { browser, system }) {
      const secret = newSecret()
      const [row] = await knex(name)
        .insert({
          [personColumn]: personId,
          sha256: digest(secret),
          browser: browser ?? null,
          system: system ?? null,
          expires_at: knex.raw("now() + ? * interval '1 second'", [ttlSeconds]),
        })
        .returning<{ id: string }[]>('id')
      const kept = unexpired(personId).orderBy('used_at', 'desc').orderBy('id').limit(MOST_DEVICES).select('id')
      await of(personId).whereNotIn('id', kept).delete()
      return `${row?.id}.${secret}`
    },
    isRemembered: async (personId, token) => (await find(personId, token)) !== undefined,
    async use(personId, token) {
      const found = await find(personId, token)
      if (!found) return undefined
      const secret = newSecret()
      const replaced = await unexpired(personId)
        .where(found)
        .update({ sha256: digest(secret), used_at: knex.fn.now() })
      return replaced === 1 ? `${found.id}.${secret}` : undefined
    },
    list: (personId) =>
      unexpired(personId).orderBy('used_at', 'desc').orderBy('id').select({
        id: 'id',
        browser: 'browser',
        system: 'system',
        createdAt: 'created_at',
        usedAt: 'used_at',
        expiresAt: 'expires_at',
      }),
    async forget(personId, id) {
      if (id !== undefined && !isUuid(id)) return 0
      return id === undefined ? of(personId).delete() : of(personId).where({ id }).delete()
    },
  }
}

type Row = { readonly sha256: string; readonly created_at: Date }

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function digest(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
