import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { newSecret } from './server-secrets.ts'

/**
 * A new generation is accepted by every node before any node uses it: nodes look every 5 s, so that after 20 s also
 * one that missed a look knows it.
 */
const LOOK_EVERY_MS = 5000
const SETTLE_SECONDS = 20
const TOPIC = 'server-secrets'

/** One generation of a secret, without its value. */
export type SecretGeneration = {
  readonly id: string
  /** waiting: accepted, not yet used · used: what is made now is made with it · kept: accepted for what was made. */
  readonly state: 'waiting' | 'used' | 'kept'
  /** Epoch seconds, by the clock of the database. */
  readonly createdAt: number
  readonly usedFrom: number
  /** When the next generation took over; absent for those that are used or waiting. */
  readonly usedUntil?: number
}

/** A secret of this deployment in all its generations, followed while the server runs. */
export type SecretGenerations = {
  /** The value to use, then all others that are accepted. One list for good: its content follows the database. */
  readonly values: readonly [string, ...string[]]
  list(): Promise<SecretGeneration[]>
  /** Makes a generation that is used, on every node, as soon as all of them accept it. */
  rotate(): Promise<SecretGeneration>
  /** Forgets a generation; what was made with it is refused from then on. False for one that is unknown or used. */
  drop(id: string): Promise<boolean>
  /** Calls `listener` when `values` changed. */
  onChange(listener: () => void): void
  /** Looks at the database now. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export type SecretGenerationsDeps = {
  readonly knex: Knex
  readonly name: string
  /** Tells the other nodes to look; they also look by themselves. */
  readonly announcements: {
    publish(topic: string): Promise<void>
    subscribe(topic: string, listener: () => void): void
  }
  readonly onError: (error: unknown) => void
}

type Row = { readonly id: string; readonly value: string; readonly created_at: number; readonly now: number }

/** Opens the secret `name`, whose first generation exists (`serverSecret` made it), and follows it. */
export async function openSecretGenerations(deps: SecretGenerationsDeps): Promise<SecretGenerations> {
  const { knex, name, announcements, onError } = deps
  const first = ordered(await readRows(knex, name))
  const values = first.map(({ value }) => value) as [string, ...string[]] // `serverSecret` made the first one
  const listeners = new Set<() => void>()

  async function refresh(): Promise<void> {
    const current = ordered(await readRows(knex, name)).map(({ value }) => value)
    if (current.length === 0 || current.join() === values.join()) return
    values.splice(0, values.length, ...current)
    for (const listener of listeners) listener()
  }
  async function changed(): Promise<void> {
    await refresh()
    await announcements.publish(TOPIC).catch(onError)
  }
  const look = () => void refresh().catch(onError)
  announcements.subscribe(TOPIC, look)
  const timer = setInterval(look, LOOK_EVERY_MS).unref()

  return {
    values,
    list: async () => generations(await readRows(knex, name)),
    async rotate() {
      const id = randomUUID().slice(0, 8)
      await knex('server_secrets').insert({ name, id, value: newSecret() })
      await changed()
      const made = generations(await readRows(knex, name)).find((each) => each.id === id)
      if (!made) throw new Error(`the new generation of ${name} could not be stored`)
      return made
    },
    async drop(id) {
      const generation = generations(await readRows(knex, name)).find((each) => each.id === id)
      if (!generation || generation.state === 'used') return false
      await knex('server_secrets').where({ name, id }).delete()
      await changed()
      return true
    },
    onChange: (listener) => void listeners.add(listener),
    refresh,
    close: async () => clearInterval(timer),
  }
}

/** Newest first; times by the clock of the database, which is the same for all nodes. */
async function readRows(knex: Knex, name: string): Promise<Row[]> {
  const { rows } = await knex.raw<{ rows: Row[] }>(
    `select id, value, extract(epoch from created_at)::float as created_at,
       extract(epoch from clock_timestamp())::float as now
     from server_secrets where name = ? order by created_at desc, id desc`,
    [name],
  )
  return rows
}

/** The newest that has settled comes first; a secret that is the only one has nothing to wait for. */
function ordered(rows: readonly Row[]): Row[] {
  const used = rows.find((row) => isSettled(row)) ?? rows.at(-1)
  return used ? [used, ...rows.filter((row) => row !== used)] : []
}

function generations(rows: readonly Row[]): SecretGeneration[] {
  const [used] = ordered(rows)
  return rows.map((row, index) => {
    const next = rows[index - 1]
    const isKept = row !== used && isSettled(row)
    return {
      id: row.id,
      state: row === used ? 'used' : isKept ? 'kept' : 'waiting',
      createdAt: Math.floor(row.created_at),
      usedFrom: Math.floor(index === rows.length - 1 ? row.created_at : row.created_at + SETTLE_SECONDS),
      ...(isKept && next && { usedUntil: Math.ceil(next.created_at + SETTLE_SECONDS) }),
    }
  })
}

function isSettled({ created_at, now }: Row): boolean {
  return now - created_at >= SETTLE_SECONDS
}
