import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Knex } from 'knex'

const REGISTER_EVERY_MS = 10_000
const ALIVE_SECONDS = 30

/** The active nodes, and which keys each of them publishes. */
export type NodeRegistry = {
  /** Records that this node publishes exactly these keys. Cheap to repeat: it writes only a change, or every ten seconds. */
  register(kids: readonly string[]): Promise<void>
  /** Of these keys, those that an active node does not publish yet. */
  unpublished(kids: readonly string[]): Promise<ReadonlySet<string>>
  /** Active nodes that share no key with these: they run on another key store. */
  nodesOnOtherKeyStores(kids: readonly string[]): Promise<string[]>
  /** Removes this node from the registry, so that no other node waits for it. */
  leave(): Promise<void>
}

type Row = { readonly node_id: string; readonly kids: readonly string[] }

/** An active node, as operators see it. */
export type ActiveNode = { readonly node: string; readonly seenAt: number; readonly keys: number }

/** The active nodes; empty on the embedded database, which has only one node. */
export async function listNodes(knex: Knex): Promise<ActiveNode[]> {
  const rows: (Row & { seen_at: string | number })[] = await knex('key_nodes')
    .whereRaw(`seen_at > ${CLOCK} - ?`, [ALIVE_SECONDS])
    .orderBy('node_id')
    .select('node_id', 'kids', 'seen_at')
  return rows.map((row) => ({ node: row.node_id, seenAt: Number(row.seen_at), keys: row.kids.length }))
}

/** The registry as rows, by the clock of the database. A node that has not registered for 30 s counts as gone. */
export function createNodeRegistry(knex: Knex): NodeRegistry {
  const nodeId = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`
  let registered: string | undefined
  let registeredAtMs = 0

  const active = (): Promise<Row[]> =>
    knex('key_nodes').whereRaw(`seen_at > ${CLOCK} - ?`, [ALIVE_SECONDS]).select('node_id', 'kids')

  return {
    async register(kids) {
      const text = JSON.stringify([...kids].sort())
      if (text === registered && performance.now() - registeredAtMs < REGISTER_EVERY_MS) return
      await knex('key_nodes')
        .insert({ node_id: nodeId, kids: text, seen_at: knex.raw(CLOCK) })
        .onConflict('node_id')
        .merge()
      if (registered === undefined) await knex('key_nodes').whereRaw(`seen_at < ${CLOCK} - 86400`).delete()
      registered = text
      registeredAtMs = performance.now()
    },
    async unpublished(kids) {
      const nodes = await active()
      return new Set(kids.filter((kid) => nodes.some((node) => !node.kids.includes(kid))))
    },
    async nodesOnOtherKeyStores(kids) {
      const nodes = (await active()).filter((node) => node.node_id !== nodeId && node.kids.length > 0)
      return nodes.filter((node) => !node.kids.some((kid) => kids.includes(kid))).map((node) => node.node_id)
    },
    leave: () => knex('key_nodes').where({ node_id: nodeId }).delete(),
  }
}

const CLOCK = 'floor(extract(epoch from clock_timestamp()))::bigint'
