import type { Knex } from 'knex'

/** Longer than one call may take; a node that died gives way after it. */
const HELD_SECONDS = 30

/** How far a receiver got, shared by all nodes, and whose turn it is to go on. */
export type DeliveryTurns = {
  /** Entries that the receiver does not have yet. */
  behind(): Promise<number>
  /** @returns the place to go on after; undefined while another node holds the turn. */
  take(): Promise<number | undefined>
  advance(seq: number): Promise<void>
  giveBack(): Promise<void>
}

/** A receiver seen for the first time gets what comes from now on; what was before is to be exported. */
export async function openDeliveryTurns(knex: Knex, receiver: string, holder: string): Promise<DeliveryTurns> {
  await knex.raw(
    'insert into audit_deliveries (receiver, seq) select ?, seq from audit_head on conflict (receiver) do nothing',
    [receiver],
  )
  const row = () =>
    knex<{ receiver: string; seq: string; holder: string | null }>('audit_deliveries').where({ receiver })
  const mine = () => row().where({ holder })
  return {
    async behind() {
      const found = await row()
        .join('audit_head', knex.raw('true'))
        .first(knex.raw('audit_head.seq - audit_deliveries.seq as behind'))
      return Number((found as { behind?: string } | undefined)?.behind ?? 0) // the column that was selected
    },
    async take() {
      const [taken] = await row()
        .where((free) => free.where({ holder }).orWhereRaw('held_until < now()'))
        // Knex types no raw values in an update.
        .update({ holder, held_until: knex.raw(`now() + interval '${HELD_SECONDS} seconds'`) } as object)
        .returning('seq')
      return taken && Number(taken.seq)
    },
    advance: async (seq) =>
      void (await mine()
        .where('seq', '<', seq)
        .update({ seq: String(seq) })),
    // As above.
    giveBack: async () => void (await mine().update({ holder: null, held_until: knex.raw('now()') } as object)),
  }
}
