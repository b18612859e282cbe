import type { Knex } from 'knex'
import type { Sealing } from '../credentials/second-factors.ts'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { type Changed, isRevision } from '../database/revision.ts'
import type { Storage } from '../storage/storage.ts'
import type { Upstream } from './upstream-schema.ts'

/** An upstream as it is stored; the secret stays sealed until a request to the provider needs it. */
export type StoredUpstream = { readonly upstream: Upstream; readonly hasSecret: boolean }

/** An upstream by which people can sign in now. */
export type UsableUpstream = { readonly upstream: Upstream; readonly secret: () => string | undefined }

export type UpstreamRegistry = ReturnType<typeof createUpstreamRegistry>

export type UpstreamRegistryDeps = {
  readonly knex: Knex
  readonly storage: Pick<Storage, 'publish' | 'subscribe'>
  readonly sealing: Sealing
}

const TOPIC = 'upstreams'
const RENEW_EVERY_MS = 10_000

/**
 * The sign-in providers. All of them are kept in memory and looked up again when something changed, here or on another
 * node, so that the sign-in page needs no query for its buttons.
 */
export function createUpstreamRegistry({ knex, storage, sealing }: UpstreamRegistryDeps) {
  let known: readonly Row[] = []
  let lookedAtMs = 0

  async function look(): Promise<void> {
    lookedAtMs = Date.now()
    known = await knex<Row>('upstreams').select('id', 'settings', 'sealed_secret')
  }

  /** Where the database does not answer, what is known stays. */
  const lookQuietly = () => void look().catch(() => undefined)

  function rows(): readonly Row[] {
    if (Date.now() - lookedAtMs > RENEW_EVERY_MS) lookQuietly()
    return known
  }

  async function changed(): Promise<void> {
    await look()
    await storage.publish(TOPIC)
  }

  function toUsable(row: Row): UsableUpstream {
    const { id, sealed_secret: sealed } = row
    return { upstream: toUpstream(row), secret: () => (sealed ? sealing.open(id, sealed) : undefined) }
  }

  const sealed = (id: string, secret: string | undefined) =>
    secret === undefined ? {} : { sealed_secret: JSON.stringify(sealing.seal(id, secret)) }

  storage.subscribe(TOPIC, lookQuietly)

  return {
    /** Reads them all: at the start of the server. */
    look,
    /** Those that people can use, in the order of their buttons. */
    usable: (): readonly Upstream[] => rows().map(toUpstream).filter(isEnabled).sort(byPosition),
    /** One of them; undefined for one that is unknown or switched off. */
    find(id: string): UsableUpstream | undefined {
      const row = rows().find((candidate) => candidate.id === id)
      return row && isEnabled(toUpstream(row)) ? toUsable(row) : undefined
    },
    async list({ limit, cursor }: PageRequest): Promise<Page<StoredUpstream>> {
      const found: Row[] = await knex('upstreams')
        .where('id', '>', keyOfCursor(cursor))
        .orderBy('id')
        .limit(limit + 1)
      return toPage(found, limit, (row) => row.id, toStored)
    },
    /** As the database has it now. */
    async get(id: string): Promise<StoredUpstream | undefined> {
      const row = await load(knex, id)
      return row && toStored(row)
    },
    /** Undefined when there is one of this id. */
    async create(upstream: Upstream, secret: string | undefined): Promise<StoredUpstream | undefined> {
      const { id, ...settings } = upstream
      const made = await knex('upstreams')
        .insert({ id, settings: JSON.stringify(settings), ...sealed(id, secret) })
        .onConflict('id')
        .ignore()
        .returning('id')
      await changed()
      return made.length > 0 ? { upstream, hasSecret: secret !== undefined } : undefined
    },
    /** Puts other settings in place of those seen, and another secret where one is given; without settings it is removed. */
    async replace(
      id: string,
      seen: string,
      next: { readonly upstream: Upstream; readonly secret?: string | undefined } | undefined,
    ): Promise<Changed<StoredUpstream>> {
      const outcome = await knex.transaction(async (transaction): Promise<Changed<StoredUpstream>> => {
        const row = await load(transaction, id, true)
        if (!row) return { outcome: 'unknown' }
        const before = toStored(row)
        if (!isRevision(seen, before.upstream)) return { outcome: 'changed-meanwhile' }
        const changing = transaction('upstreams').where({ id })
        if (!next) {
          await changing.delete()
          return { outcome: 'changed', now: before, before }
        }
        const { id: _, ...settings } = next.upstream
        const isKeyless = settings.client_authentication === 'none'
        await changing.update({
          settings: JSON.stringify(settings),
          ...(isKeyless ? { sealed_secret: null } : sealed(id, next.secret)),
        })
        const hasSecret = !isKeyless && (next.secret !== undefined || before.hasSecret)
        return { outcome: 'changed', now: { upstream: next.upstream, hasSecret }, before }
      })
      await changed()
      return outcome
    },
    /** The secret that an upstream has now, to check another setting against it. */
    async secretOf(id: string): Promise<string | undefined> {
      const row = await load(knex, id)
      return row && toUsable(row).secret()
    },
    /** Seals every secret anew, so that an earlier key can be forgotten. */
    async reseal(): Promise<void> {
      await look()
      for (const { id, sealed_secret: before } of known) {
        if (!before) continue
        // Another secret that was stored meanwhile must not be overwritten.
        await knex('upstreams')
          .where({ id })
          .whereRaw('sealed_secret = ?::jsonb', [JSON.stringify(before)])
          .update(sealed(id, sealing.open(id, before)))
      }
      await changed()
    },
  }
}

type Row = {
  readonly id: string
  readonly settings: Omit<Upstream, 'id'>
  readonly sealed_secret: object | null
}

async function load(knex: Knex, id: string, isLocked = false): Promise<Row | undefined> {
  const rows = knex<Row>('upstreams').where({ id })
  return (isLocked ? rows.forUpdate() : rows).first('id', 'settings', 'sealed_secret')
}

function toUpstream({ id, settings }: Pick<Row, 'id' | 'settings'>): Upstream {
  return { id, ...settings }
}

function toStored(row: Row): StoredUpstream {
  return { upstream: toUpstream(row), hasSecret: row.sealed_secret !== null }
}

function isEnabled({ is_enabled }: Upstream): boolean {
  return is_enabled !== false
}

function byPosition(one: Upstream, other: Upstream): number {
  return (one.position ?? 0) - (other.position ?? 0) || (one.id < other.id ? -1 : 1)
}
