import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import type { Message, NewMessage, Registration, SendResult } from '../../src/outbox/message.ts'
import { type Outbox, type OutboxDeps, openOutbox } from '../../src/outbox/outbox.ts'
import { onBothDatabases } from '../support/both-databases.ts'
import { waitFor } from '../support/wait-for.ts'

const log = { warn() {} } as unknown as OutboxDeps['log']
const KIND = 'notice'

/** What receivers got, in order, and what they answer. */
function createReceivers() {
  const got: Message[] = []
  const answers = new Map<string, (message: Message) => SendResult | Promise<SendResult>>()
  const gone = new Set<string>()
  const registration: Registration = {
    async send(message) {
      got.push(message)
      return (await answers.get(message.receiver)?.(message)) ?? 'delivered'
    },
    isGone: async (receiver) => gone.has(receiver),
  }
  return {
    got,
    answers,
    gone,
    registration,
    of: (receiver: string) => got.filter((each) => each.receiver === receiver),
  }
}

onBothDatabases('the outbox', (open) => {
  let database: Database
  let second: Database
  let opened: Outbox[] = []
  beforeAll(async () => {
    const both = await open()
    database = both.database
    second = await both.other()
  })
  beforeEach(async () => {
    for (const outbox of opened) await outbox.close()
    opened = []
    await database.knex('outbox_messages').delete()
    await database.knex('outbox_receivers').delete()
  })
  afterAll(async () => {
    for (const outbox of opened) await outbox.close()
    await second?.close()
    await database?.close()
  })

  function node(registration: Registration | undefined, parts: Partial<OutboxDeps> = {}): Outbox {
    const outbox = openOutbox({ knex: database.knex, log, lookEveryMs: 20, ...parts })
    if (registration) outbox.register(KIND, registration)
    opened.push(outbox)
    return outbox
  }
  const notice = (receiver: string, n: number, more: Partial<NewMessage> = {}): NewMessage => ({
    kind: KIND,
    receiver,
    payload: { n },
    ...more,
  })
  const numbers = (messages: readonly Message[]) => messages.map(({ payload }) => payload.n)
  const waiting = async () =>
    Number((await database.knex('outbox_messages').where({ state: 'waiting' }).count())[0]?.count)
  const dead = () => database.knex('outbox_messages').where({ state: 'dead' })
  const isEmpty = () => waitFor(async () => (await waiting()) === 0, { what: 'nothing to wait' })

  test('every message is delivered once and forgotten', async () => {
    const receivers = createReceivers()
    const outbox = node(receivers.registration)
    await outbox.enqueue(Array.from({ length: 50 }, (_, n) => notice(`r${n % 5}`, n)))
    await isEmpty()
    expect(numbers(receivers.got).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    )
  })

  test('two nodes share the work: nothing is sent twice while both live', async () => {
    const receivers = createReceivers()
    const nodes = [node(receivers.registration), node(receivers.registration, { knex: second.knex })]
    const add = (outbox: Outbox, from: number) =>
      outbox.enqueue(Array.from({ length: 60 }, (_, n) => notice(`r${n % 7}`, from + n)))
    await Promise.all(nodes.map((outbox, index) => add(outbox, index * 60)))
    await isEmpty()
    expect(receivers.got).toHaveLength(120)
    expect(new Set(numbers(receivers.got)).size).toBe(120)
  })

  test('messages of one key arrive in order, and a failure holds back those behind it', async () => {
    const receivers = createReceivers()
    let failures = 2
    receivers.answers.set('r', ({ payload }) => (payload.n === 1 && failures-- > 0 ? { retry: 'busy' } : 'delivered'))
    const outbox = node(receivers.registration)
    await outbox.enqueue([0, 1, 2, 3].map((n) => notice('r', n, { orderKey: 'k' })))
    await isEmpty()
    expect(numbers(receivers.got)).toEqual([0, 1, 1, 1, 2, 3])
  })

  test('a receiver that hangs, and one that fails, delay no other', async () => {
    const receivers = createReceivers()
    let release = () => {}
    const held = new Promise<SendResult>((resolve) => {
      release = () => resolve('delivered')
    })
    receivers.answers.set('hangs', () => held)
    receivers.answers.set('fails', () => ({ retry: 'it answered 500' }))
    const outbox = node(receivers.registration)
    await outbox.enqueue([notice('hangs', 0), notice('fails', 1), ...[2, 3, 4].map((n) => notice('works', n))])
    await waitFor(() => receivers.of('works').length === 3)
    await waitFor(async () => (await waiting()) === 2)
    release()
  })

  test('a sender that hangs or throws is a failure of the message', async () => {
    const receivers = createReceivers()
    receivers.answers.set('hangs', () => new Promise(() => {}))
    receivers.answers.set('throws', () => Promise.reject(new Error('no key')))
    const outbox = node(receivers.registration, { sendLimitMs: 50 })
    await outbox.enqueue([notice('hangs', 0), notice('throws', 1)])
    const failures = () => database.knex('outbox_messages').pluck('last_failure')
    await waitFor(async () => (await failures()).every(Boolean))
    expect((await failures()).toSorted()).toEqual(['no answer within 50 ms', 'no key'])
  })

  test('a refusal is a dead letter at once, and those behind it go on', async () => {
    const receivers = createReceivers()
    receivers.answers.set('r', ({ payload }) => (payload.n === 0 ? { refused: 'it answered 400' } : 'delivered'))
    const outcomes: string[] = []
    const outbox = node(receivers.registration, { onAttempt: (_, outcome) => void outcomes.push(outcome) })
    await outbox.enqueue([notice('r', 0, { orderKey: 'k' }), notice('r', 1, { orderKey: 'k' })])
    await isEmpty()
    expect(numbers(receivers.got)).toEqual([0, 1])
    expect(await dead()).toMatchObject([{ attempts: 1, last_failure: 'it answered 400' }])
    expect(outcomes.toSorted()).toEqual(['delivered', 'refused'])
  })

  test('a message that failed eight times is a dead letter', async () => {
    const receivers = createReceivers()
    receivers.answers.set('r', () => ({ retry: 'it answered 500' }))
    const outbox = node(receivers.registration)
    await outbox.enqueue([notice('r', 0)])
    const hurry = () =>
      database.knex.raw('update outbox_messages set next_at = now(); update outbox_receivers set closed_until = now()')
    await waitFor(async () => {
      if (receivers.got.length < 8) await hurry()
      return (await dead()).length === 1
    })
    expect(receivers.got.map(({ attempts }) => attempts)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test('what waited for a day at a receiver that failed for a day is a dead letter; one that works loses nothing', async () => {
    const receivers = createReceivers()
    receivers.answers.set('down', () => ({ retry: 'no connection' }))
    await node(undefined).enqueue([notice('down', 0), notice('up', 1)])
    await database.knex.raw(`update outbox_messages set created_at = now() - interval '25 hours'`)
    await database.knex.raw(
      `update outbox_receivers set failing_since = now() - interval '25 hours', failures = 9,
        closed_until = now() + interval '1 hour' where receiver = 'down'`,
    )
    node(receivers.registration)
    await waitFor(async () => (await dead()).length === 1 && (await waiting()) === 0)
    expect(numbers(receivers.got)).toEqual([1])
  })

  test('a receiver is left alone for as long as it asks', async () => {
    const receivers = createReceivers()
    receivers.answers.set('r', () => ({ retry: 'it answered 429', afterSeconds: 120 }))
    const outbox = node(receivers.registration)
    await outbox.enqueue([notice('r', 0)])
    await waitFor(async () => (await database.knex('outbox_receivers').first('failures'))?.failures === 1)
    const { rows } = await database.knex.raw(
      `select extract(epoch from m.next_at - now()) as message, extract(epoch from r.closed_until - now()) as receiver
       from outbox_messages m, outbox_receivers r`,
    )
    expect(Number(rows[0].message)).toBeGreaterThan(60)
    expect(Number(rows[0].receiver)).toBeGreaterThan(60)
  })

  test('nothing is sent to a receiver that is gone, and what waited for it is removed', async () => {
    const receivers = createReceivers()
    const outbox = node(undefined)
    await outbox.enqueue([notice('gone', 0), notice('here', 1), notice('paused', 2)])
    await database.knex('outbox_receivers').where({ receiver: 'paused' }).update({ paused_at: new Date() })
    receivers.gone.add('gone').add('paused')
    outbox.register(KIND, receivers.registration)
    await isEmpty()
    expect(numbers(receivers.got)).toEqual([1])
    expect(await dead()).toEqual([])
    expect(await database.knex('outbox_receivers').pluck('receiver')).toEqual(['here'])
  })

  test('what waits for a paused receiver is held, and goes out in order once it is not', async () => {
    const receivers = createReceivers()
    await node(undefined).enqueue([0, 1].map((n) => notice('p', n, { orderKey: 'k' })))
    await database.knex('outbox_receivers').update({ paused_at: new Date() })
    const outbox = node(receivers.registration)
    await outbox.enqueue([notice('p', 2, { orderKey: 'k' }), notice('other', 9)])
    await waitFor(() => receivers.of('other').length === 1)
    expect(receivers.of('p')).toEqual([])
    await database.knex('outbox_receivers').update({ paused_at: null })
    await isEmpty()
    expect(numbers(receivers.of('p'))).toEqual([0, 1, 2])
  })

  test('a message is not added while one of the same key waits for its first attempt', async () => {
    const receivers = createReceivers()
    const idle = node(undefined)
    const again = (n: number) => notice('r', n, { collapseKey: 'sid-1' })
    await idle.enqueue([
      again(0),
      again(1),
      notice('r', 2, { collapseKey: 'sid-2' }),
      notice('s', 3, { collapseKey: 'sid-1' }),
    ])
    await idle.enqueue([again(4)])
    let release = () => {}
    const held = new Promise<SendResult>((resolve) => {
      release = () => resolve('delivered')
    })
    receivers.answers.set('r', () => held)
    const outbox = node(receivers.registration)
    await waitFor(() => receivers.of('r').length > 1)
    // The receiver may have dealt with the one before already.
    await outbox.enqueue([again(5)])
    receivers.answers.clear()
    release()
    await waitFor(() => numbers(receivers.got).includes(5))
    expect(new Set(numbers(receivers.got))).toEqual(new Set([0, 2, 3, 5]))
  })

  test('messages of a transaction that is rolled back are not sent; of one that is committed they are, at once', async () => {
    const receivers = createReceivers()
    const outbox = node(receivers.registration, { lookEveryMs: 3_600_000 })
    await waitFor(() => true)
    const rolledBack = database.knex.transaction(async (transaction) => {
      await outbox.enqueue([notice('r', 0)], transaction)
      throw new Error('no')
    })
    await expect(rolledBack).rejects.toThrow('no')
    await database.knex.transaction((transaction) => outbox.enqueue([notice('r', 1)], transaction))
    await isEmpty()
    expect(numbers(receivers.got)).toEqual([1])
  })

  test('what a node held when it died is sent by another', async () => {
    const receivers = createReceivers()
    await node(undefined).enqueue([notice('r', 0)])
    await database
      .knex('outbox_messages')
      .update({ held_by: crypto.randomUUID(), held_until: new Date(Date.now() + 500) })
    node(receivers.registration)
    await isEmpty()
    expect(numbers(receivers.got)).toEqual([0])
  })

  test('messages of a kind that no node knows wait for one that does', async () => {
    const receivers = createReceivers()
    const outbox = node(receivers.registration)
    await outbox.enqueue([{ ...notice('r', 0), kind: 'of a later release' }, notice('r', 1)])
    await waitFor(() => receivers.got.length === 1)
    expect(await waiting()).toBe(1)
  })
})
