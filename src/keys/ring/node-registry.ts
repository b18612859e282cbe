import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Knex } from 'knex'

const ANNOUNCE_EVERY_MS = 10_000
const ALIVE_SECONDS = 30

/** The nodes that live, and which keys each of them publishes. */
export type NodeRegistry = {
  /** Says that this node publishes exactly these keys; cheap to repeat, written when it changed or grew old. */
  announce(kids: readonly string[]): Promise<void>
  /** Of these keys, those that some living node does not publish yet. */
  unpublished(kids: readonly string[]): Promise<ReadonlySet<string>>
  /** Living nodes that share no key with these: they run on another key store. */
  strangers(kids: readonly string[]): Promise<string[]>
  /** Takes this node off the roll, so that nobody waits for it. */
  leave(): Promise<void>
}

type Row = { readonly node_id: string; readonly kids: readonly string[] }

/** A living node, as operators see it. */
export type ActiveNode = { readonly node: string; readonly seenAt: number; readonly keys: number }

/** The nodes that live; empty on the embedded database, which has one. */
export async function listNodes(knex: Knex): Promise<ActiveNode[]> {
  const rows: (Row & { seen_at: string | number })[] = await knex('key_nodes')
    .whereRaw(`seen_at > ${CLOCK} - ?`, [ALIVE_SECONDS])
    .orderBy('node_id')
    .select('node_id', 'kids', 'seen_at')
  return rows.map((row) => ({ node: row.node_id, seenAt: Number(row.seen_at), keys: row.kids.length }))
}

/** The roll as rows, by the clock of the database; a node that has said nothing for 30 s is held to be gone. */
export function createNodeRegistry(knex: Knex): NodeRegistry {
  const nodeId = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`
  let announced: string | undefined
  let announcedAtMs = 0

  const living = (): Promise<Row[]> =>
    knex('key_nodes').whereRaw(`seen_at > ${CLOCK} - ?`, [ALIVE_SECONDS]).select('node_id', 'kids')

  return {
    async announce(kids) {
      const text = JSON.stringify([...kids].sort())
      if (text === announced && performance.now() - announcedAtMs < ANNOUNCE_EVERY_MS) return
      await knex('key_nodes')
        .insert({ node_id: nodeId, kids: text, seen_at: knex.raw(CLOCK) })
        .onConflict('node_id')
        .merge()
      if (announced === undefined) await knex('key_nodes').whereRaw(`seen_at < ${CLOCK} - 86400`).delete()
      announced = text
      announcedAtMs = performance.now()
    },
    async unpublished(kids) {
      const nodes = await living()
      return new Set(kids.filter((kid) => nodes.some((node) => !node.kids.includes(kid))))
    },
    async strangers(kids) {
      const nodes = (await living()).filter((node) => node.node_id !== nodeId && node.kids.length > 0)
      return nodes.filter((node) => !node.kids.some((kid) => kids.includes(kid))).map((node) => node.node_id)
    },
    leave: () => knex('key_nodes').where({ node_id: nodeId }).delete(),
  }
}

const CLOCK = 'floor(extract(epoch from clock_timestamp()))::bigint'
