import type { Knex } from 'knex'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { type Changed, isRevision } from '../database/revision.ts'
import type { Storage } from '../storage/storage.ts'
import { codeOf } from '../thrown.ts'
import type { TrustedIssuer } from './issuer-schema.ts'
import type { IssuerKind } from './kinds.ts'

export type IssuerRegistry = ReturnType<typeof createIssuerRegistry>

export type IssuerRegistryDeps = {
  readonly knex: Knex
  readonly storage: Pick<Storage, 'publish' | 'subscribe'>
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** Why a record cannot be stored: another one has its id, or its issuer. */
export type TakenIssuer = { readonly outcome: 'id-taken' | 'issuer-taken' }

const TOPIC = 'issuers'
/** A message that was lost delays a change by this much. */
const RENEW_EVERY_MS = 1500
const UNIQUE_VIOLATION = '23505'

/**
 * The trusted issuers. All of them are kept in memory and looked up again when something changed, here or on another node, and
 * when what is known is older than a moment: an issuer that was disabled is refused within two seconds everywhere.
 */
export function createIssuerRegistry({ knex, storage, now = () => Date.now() }: IssuerRegistryDeps) {
  let known: readonly TrustedIssuer[] = []
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const startedMs = now()
    const rows = await knex<Row>('trusted_issuers').select('id', 'issuer', 'settings')
    // Of two looks at once the one that began later knows more.
    if (startedMs < lookedAtMs) return
    lookedAtMs = startedMs
    known = rows.map(toIssuer)
  }

  /** One look for all who wait for it. */
  function lookTogether(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function current(): Promise<readonly TrustedIssuer[]> {
    if (now() - lookedAtMs > RENEW_EVERY_MS) await lookTogether()
    return known
  }

  async function changed(): Promise<void> {
    await look()
    await storage.publish(TOPIC)
  }

  /** Where the database does not answer, the next request looks again. */
  const lookQuietly = () => void look().catch(() => undefined)

  storage.subscribe(TOPIC, lookQuietly)

  return {
    /** Reads them all: at the start of the server. */
    look,
    /** The one that signs as `issuer`; undefined for one that is unknown or disabled. @throws where the database does not answer. */
    async find(issuer: string): Promise<TrustedIssuer | undefined> {
      return (await current()).find((record) => record.issuer === issuer && isEnabled(record))
    },
    /** What customers read of a record; undefined for one that is gone. */
    nameOf(id: string): string | undefined {
      const record = known.find((candidate) => candidate.id === id)
      return record && (record.name ?? URL.parse(record.issuer)?.host)
    },
    /** The kinds of which there are enabled issuers, in one text that is the same as long as they are. */
    kinds(): string {
      if (now() - lookedAtMs > RENEW_EVERY_MS) void lookTogether().catch(() => undefined)
      return [...new Set(known.filter(isEnabled).map(({ kind }) => kind))].sort().join(' ')
    },
    async list({ limit, cursor }: PageRequest): Promise<Page<TrustedIssuer>> {
      const found: Row[] = await knex('trusted_issuers')
        .where('id', '>', keyOfCursor(cursor))
        .orderBy('id')
        .limit(limit + 1)
      return toPage(found, limit, (row) => row.id, toIssuer)
    },
    /** As the database has it now. */
    async get(id: string): Promise<TrustedIssuer | undefined> {
      const row = await load(knex, id)
      return row && toIssuer(row)
    },
    async create(
      record: TrustedIssuer,
    ): Promise<{ readonly outcome: 'created'; readonly now: TrustedIssuer } | TakenIssuer> {
      const { id, issuer, ...settings } = record
      const made = await knex('trusted_issuers')
        .insert({ id, issuer, settings: JSON.stringify(settings) })
        .onConflict()
        .ignore()
        .returning(['id', 'issuer', 'settings'])
      await changed()
      const [row]: Row[] = made
      if (row) return { outcome: 'created', now: toIssuer(row) }
      return { outcome: (await load(knex, id)) ? 'id-taken' : 'issuer-taken' }
    },
    /** Puts another record in place of the one seen; without one it is removed. */
    async replace(
      id: string,
      seen: string,
      next: TrustedIssuer | undefined,
    ): Promise<Changed<TrustedIssuer> | TakenIssuer> {
      const outcome = await knex
        .transaction(async (transaction): Promise<Changed<TrustedIssuer>> => {
          const row = await load(transaction, id, true)
          if (!row) return { outcome: 'unknown' }
          const before = toIssuer(row)
          if (!isRevision(seen, before)) return { outcome: 'changed-meanwhile' }
          const changing = transaction('trusted_issuers').where({ id })
          if (!next) {
            await changing.delete()
            return { outcome: 'changed', now: before, before }
          }
          const { id: _, issuer, ...settings } = next
          await changing.update({ issuer, settings: JSON.stringify(settings) })
          // As it is read from now on: the database puts members in an order of its own.
          const stored = await load(transaction, id)
          return { outcome: 'changed', now: stored ? toIssuer(stored) : next, before }
        })
        .catch((error: unknown): TakenIssuer => {
          if (codeOf(error) !== UNIQUE_VIOLATION) throw error
          return { outcome: 'issuer-taken' }
        })
      await changed()
      return outcome
    },
  }
}

/** The kinds that a text of `kinds()` names. */
export function kindsIn(said: string): ReadonlySet<IssuerKind> {
  return new Set(said.split(' ').filter(Boolean) as IssuerKind[]) // written by `kinds`
}

type Row = {
  readonly id: string
  readonly issuer: string
  readonly settings: Omit<TrustedIssuer, 'id' | 'issuer'>
}

async function load(knex: Knex, id: string, isLocked = false): Promise<Row | undefined> {
  const rows = knex<Row>('trusted_issuers').where({ id })
  return (isLocked ? rows.forUpdate() : rows).first('id', 'issuer', 'settings')
}

function toIssuer({ id, issuer, settings }: Row): TrustedIssuer {
  return { id, issuer, ...settings }
}

function isEnabled({ is_enabled }: TrustedIssuer): boolean {
  return is_enabled !== false
}
