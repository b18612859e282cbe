import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { insertMandate } from '../../src/mandates/mandate-rows.ts'
import { createMandates } from '../../src/mandates/mandates.ts'
import { createSpending, type Spending } from '../../src/mandates/spending.ts'
import type { MandateTerms } from '../../src/mandates/terms.ts'
import { onBothDatabases } from '../support/both-databases.ts'

/** `MANDATE_DEBITS=10000 npm test -- test/mandates/races.test.ts` races as many. */
const DEBITS = Number(process.env.MANDATE_DEBITS ?? 300)
const now = () => Math.floor(Date.now() / 1000)
const eur = (amount: number) => ({ amount, currency: 'EUR' })

onBothDatabases('races for a mandate on two nodes', (open) => {
  let nodes: readonly Database[]
  let spending: readonly Spending[]
  beforeAll(async () => {
    const { database, other } = await open()
    nodes = [database, await other()]
    spending = nodes.map(({ knex }) => createSpending({ knex, timeZone: 'UTC', now }))
  })
  afterAll(async () => {
    for (const { close } of [...(nodes ?? [])].reverse()) await close()
  })

  async function mandateOf(terms: Partial<MandateTerms>): Promise<string> {
    const id = randomUUID()
    const whole = { expires_at: now() + 3600, ...terms }
    const owner = { grantId: 'grant', clientId: 'assistant', customerId: 'customer', resource: 'urn:shop' }
    const [node] = nodes
    if (!node) throw new Error('there are two nodes')
    await insertMandate(node.knex, { id, ...owner, asked: whole, terms: whole, grantedAt: now() }, now() + 7200)
    return id
  }

  const request = (order: string, amount: number) => ({ order, ...eur(amount), categories: [], placedBy: 'checkout' })
  const nodeOf = (index: number) => spending[index % 2] as Spending // there are two

  test(`${DEBITS} debits at once over a budget for four: four are held`, { timeout: 550_000 }, async () => {
    const id = await mandateOf({ budget: { ...eur(4_999), period: 'once' } })
    const answers = await inWaves(DEBITS, (index) => nodeOf(index).place(id, request(`order-${index}`, 1_000)))
    expect(answers.filter(({ outcome }) => outcome === 'done')).toHaveLength(4)
    expect(answers.filter((answer) => answer.outcome === 'exceeded' && answer.limit === 'budget')).toHaveLength(
      DEBITS - 4,
    )
    expect(answers.at(-1)).toMatchObject({ remaining: { amount: 999 } })
  })

  test('a hundred debits at once of four orders: four are held', async () => {
    const id = await mandateOf({ per_order: eur(1_000), orders: { max: 4, period: 'day' } })
    const answers = await inWaves(100, (index) => nodeOf(index).place(id, request(`order-${index}`, 1)))
    expect(answers.filter(({ outcome }) => outcome === 'done')).toHaveLength(4)
  })

  test('one order at once on both nodes is one hold', async () => {
    const id = await mandateOf({ budget: { ...eur(1_000), period: 'once' } })
    const answers = await inWaves(20, (index) => nodeOf(index).place(id, request('order', 1_000)))
    const holds = new Set(answers.map((answer) => answer.outcome === 'done' && answer.hold.id))
    expect([holds.size, holds.has(false)]).toEqual([1, false])
    expect(answers.filter((answer) => answer.outcome === 'done' && answer.isNew)).toHaveLength(1)
  })

  test('a capture and a release of one hold: one of them wins, and the budget fits', async () => {
    const id = await mandateOf({ budget: { ...eur(1_000), period: 'once' } })
    const held = await nodeOf(0).place(id, request('order', 1_000))
    if (held.outcome !== 'done') throw new Error('not held')
    const answers = await Promise.all([nodeOf(0).capture(id, held.hold.id, 1_000), nodeOf(1).release(id, held.hold.id)])
    expect(answers.filter(({ outcome }) => outcome === 'done')).toHaveLength(1)
  })

  test('a withdrawal among holds: nothing is held after it', async () => {
    const id = await mandateOf({ per_order: eur(1_000) })
    const [node] = nodes
    if (!node) throw new Error('there are two nodes')
    const mandates = createMandates({
      knex: node.knex,
      storage: { put: async () => {} },
      keptSeconds: 1,
      longestTokenSeconds: 1,
      now,
      note: () => {},
      onWithdrawn: () => {},
    })
    const placing = inWaves(40, (index) => nodeOf(index).place(id, request(`order-${index}`, 1)))
    await mandates.withdraw(id, { by: 'customer' })
    await placing
    const holds = await mandates.holds(id, 100)
    expect(holds.filter(({ state }) => state === 'held')).toEqual([])
    expect(await nodeOf(1).place(id, request('late', 1))).toMatchObject({ outcome: 'over' })
  })
})

/** As many at once as one node lets wait. */
async function inWaves<T>(count: number, step: (index: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (let from = 0; from < count; from += 1000) {
    const size = Math.min(1000, count - from)
    answers.push(...(await Promise.all(Array.from({ length: size }, (_, index) => step(from + index)))))
  }
  return answers
}

describe('a mandate', () => {
  test('of a calendar day, week, month and year begins where the shop is', async () => {
    const { spanOf } = await import('../../src/mandates/calendar.ts')
    const at = Date.UTC(2026, 2, 29, 12) / 1000
    const local = (span: { start: number; end: number }) =>
      [span.start, span.end].map((instant) =>
        new Date(instant * 1000).toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' }),
      )
    expect(local(spanOf('day', at, 'Europe/Berlin'))).toEqual(['2026-03-29 00:00:00', '2026-03-30 00:00:00'])
    expect(local(spanOf('week', at, 'Europe/Berlin'))).toEqual(['2026-03-23 00:00:00', '2026-03-30 00:00:00'])
    expect(local(spanOf('month', at, 'Europe/Berlin'))).toEqual(['2026-03-01 00:00:00', '2026-04-01 00:00:00'])
    expect(local(spanOf('year', at, 'Europe/Berlin'))).toEqual(['2026-01-01 00:00:00', '2027-01-01 00:00:00'])
  })
})
