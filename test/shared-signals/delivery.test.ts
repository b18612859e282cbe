import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask as askAdmin, OWNER } from '../admin/administrators.ts'
import { tokensOf } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { waitFor } from '../support/wait-for.ts'
import { type PushReceiver, readSet, startPushReceiver } from './push-receiver.ts'
import { addStreamClient, PUSH, type StreamClient } from './stream-client.ts'

/** Both kinds of databases: the embedded one has one connection. */
describe.each([{ isEmbedded: false }, { isEmbedded: true }])(
  'delivery, with isEmbedded: $isEmbedded',
  ({ isEmbedded }) => {
    let shop: HostedShop
    const receivers: PushReceiver[] = []
    beforeAll(async () => {
      shop = await startHostedShop({}, { isEmbedded })
    })
    afterAll(async () => {
      await shop?.stop()
      await Promise.all(receivers.map((receiver) => receiver.stop()))
    })

    const SESSION = ['https://schemas.openid.net/secevent/caep/event-type/session-revoked']

    async function pushing(more: object = {}) {
      const receiver = await startPushReceiver()
      receivers.push(receiver)
      const client = await addStreamClient(shop.server)
      const delivery = { method: PUSH, endpoint_url: receiver.url, ...more }
      const { stream_id } = await client.create({ events_requested: SESSION, delivery })
      const read = (index: number) => readSet(shop.server.url, client.id, String(receiver.pushed[index]?.body))
      return { receiver, client, stream_id, read }
    }
    async function polling() {
      const client = await addStreamClient(shop.server)
      const { stream_id } = await client.create({ events_requested: SESSION })
      return { client, stream_id }
    }
    const signOut = (customer: TestCustomer) =>
      askAdmin(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'customer', id: customer.id })
    const came = (receiver: PushReceiver, count: number) =>
      waitFor(() => receiver.pushed.length >= count, { what: `${count} pushes` })
    const answer =
      (status: number, body = '', headers: Record<string, string> = {}) =>
      (response: ServerResponse) =>
        void response.writeHead(status, headers).end(body)
    const stateOf = async (stream_id: string) =>
      (await askAdmin(shop.server, OWNER, 'GET', `/v1/streams/${stream_id}`)).body
    async function isSettled(stream_id: string) {
      await waitFor(async () => (await stateOf(stream_id)).waiting === 0, { what: 'nothing waits' })
    }

    describe('push (RFC 8935)', () => {
      test('a signal is a SET by POST, with the header of the receiver word for word; 202 is enough', async () => {
        const { receiver, read, stream_id } = await pushing({ authorization_header: 'Bearer of the  receiver' })
        const customer = await shop.addCustomer()
        await signOut(customer)
        await came(receiver, 1)
        const { headers } = receiver.pushed[0] ?? { headers: {} }
        expect(headers).toMatchObject({
          'content-type': 'application/secevent+jwt',
          accept: 'application/json',
          authorization: 'Bearer of the  receiver',
        })
        const set = await read(0)
        expect(set.header).toMatchObject({ alg: 'RS256', typ: 'secevent+jwt', kid: expect.any(String) })
        expect(Object.keys(set.claims).sort()).toEqual(['aud', 'events', 'iat', 'iss', 'jti', 'sub_id', 'txn'])
        expect(set.subId).toEqual({ format: 'iss_sub', iss: shop.server.url, sub: customer.id })
        await isSettled(stream_id)
        expect(receiver.pushed).toHaveLength(1)
      })

      test.each([500, 503, 429, 408])('%i is tried again with the same jti, until it is taken', async (status) => {
        const { receiver, read, stream_id } = await pushing()
        receiver.answers.push(answer(status))
        await signOut(await shop.addCustomer())
        await came(receiver, 2)
        const [first, second] = [await read(0), await read(1)]
        expect(second.claims).toEqual(first.claims)
        await isSettled(stream_id)
        expect(receiver.pushed).toHaveLength(2)
      })

      test('a connection that breaks is tried again', async () => {
        const { receiver, stream_id } = await pushing()
        receiver.answers.push((response) => response.destroy())
        await signOut(await shop.addCustomer())
        await came(receiver, 2)
        await isSettled(stream_id)
      })

      test.each([
        [400, '{"err":"invalid_key","description":"unknown kid"}', 'invalid_key'],
        [401, '', '401'],
        [404, 'no such page', '404'],
        [302, '', '302'],
      ])('%i is final: it is not sent again, and operators see it', async (status, body, said) => {
        const { receiver, stream_id } = await pushing()
        receiver.answers.push(answer(status, body, { location: receiver.url }))
        await signOut(await shop.addCustomer())
        await waitFor(async () => (await stateOf(stream_id)).undelivered === 1, { what: 'a dead letter' })
        const state = await stateOf(stream_id)
        expect([state.waiting, state.lastFailure]).toEqual([0, expect.stringContaining(said)])
        expect(receiver.pushed).toHaveLength(1)
      })

      test('other answers of success are taken as well', async () => {
        const { receiver, stream_id } = await pushing()
        receiver.answers.push(answer(204))
        await signOut(await shop.addCustomer())
        await came(receiver, 1)
        await isSettled(stream_id)
        expect(receiver.pushed).toHaveLength(1)
      })

      test('a receiver that fails keeps nobody else waiting', async () => {
        const [broken, whole] = [await pushing(), await pushing()]
        broken.receiver.answers.push(...Array.from({ length: 20 }, () => answer(500)))
        await signOut(await shop.addCustomer())
        await came(whole.receiver, 1)
        expect((await stateOf(broken.stream_id)).waiting).toBe(1)
      })

      test('of a stream that is removed nothing is sent any more', async () => {
        const { receiver, client, stream_id } = await pushing()
        receiver.answers.push(...Array.from({ length: 20 }, () => answer(500)))
        await signOut(await shop.addCustomer())
        await came(receiver, 1)
        await client.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`)
        const next = await pushing()
        await signOut(await shop.addCustomer())
        await came(next.receiver, 1)
        const sent = receiver.pushed.length
        await signOut(await shop.addCustomer())
        await came(next.receiver, 2)
        expect(receiver.pushed.length).toBe(sent)
      })

      test('a client from which the scope is taken is told nothing any more', async () => {
        const { receiver, client } = await pushing()
        const path = `/v1/clients/${client.id}`
        const { body, headers } = await askAdmin(shop.server, OWNER, 'GET', path)
        const metadata = { ...(body.metadata as object), resource_scopes: [] }
        await askAdmin(shop.server, OWNER, 'PUT', path, { metadata }, { 'if-match': String(headers.get('etag')) })
        const other = await pushing()
        await signOut(await shop.addCustomer())
        await came(other.receiver, 1)
        expect(receiver.pushed).toEqual([])
      })
    })

    describe('poll (RFC 8936)', () => {
      async function withTwo(): Promise<{ client: StreamClient; stream_id: string; jtis: string[] }> {
        const { client, stream_id } = await polling()
        for (const customer of [await shop.addCustomer(), await shop.addCustomer()]) await signOut(customer)
        const jtis = await waitFor(
          async () => {
            const { body } = await client.poll(stream_id)
            const found = Object.keys(body.sets)
            return found.length === 2 && found
          },
          { what: 'two signals' },
        )
        return { client, stream_id, jtis }
      }

      test('gives what was not acknowledged again, with the same jti and claims', async () => {
        const { client, stream_id, jtis } = await withTwo()
        const [one, two] = [await client.poll(stream_id), await client.poll(stream_id)]
        expect([Object.keys(one.body.sets), Object.keys(two.body.sets)]).toEqual([jtis, jtis])
        const [jti = ''] = jtis
        const read = (answer: typeof one) => readSet(shop.server.url, client.id, answer.body.sets[jti])
        expect((await read(two)).claims).toEqual((await read(one)).claims)
        expect(one.body.moreAvailable).toBeUndefined()
      })

      test('gives no more than asked for, and says that there are more', async () => {
        const { client, stream_id, jtis } = await withTwo()
        const { body } = await client.poll(stream_id, { maxEvents: 1, returnImmediately: true })
        expect([Object.keys(body.sets), body.moreAvailable]).toEqual([[jtis[0]], true])
      })

      test('forgets what is acknowledged; with maxEvents 0 it gives nothing; unknown names are ignored', async () => {
        const { client, stream_id, jtis } = await withTwo()
        const ack = [jtis[0], 'unknown', '\u0000']
        const { status, body } = await client.poll(stream_id, { maxEvents: 0, ack })
        expect([status, body.sets]).toEqual([200, {}])
        expect(Object.keys((await client.poll(stream_id)).body.sets)).toEqual([jtis[1]])
        const both = await client.poll(stream_id, { ack: [jtis[1]], returnImmediately: true })
        expect(both.body).toEqual({ sets: {} })
      })

      test('keeps what the receiver cannot take for operators, and gives it no more', async () => {
        const { client, stream_id, jtis } = await withTwo()
        const setErrs = { [String(jtis[0])]: { err: 'invalid_key', description: 'unknown kid' } }
        const { body } = await client.poll(stream_id, { returnImmediately: true, setErrs })
        expect(Object.keys(body.sets)).toEqual([jtis[1]])
        expect(await stateOf(stream_id)).toMatchObject({ waiting: 1, undelivered: 1 })
        const refusals = await askAdmin(shop.server, OWNER, 'GET', `/v1/streams/${stream_id}/refusals`)
        expect(refusals.body.items).toEqual([
          { jti: jtis[0], event: SESSION[0], err: 'invalid_key', description: 'unknown kid', at: expect.any(Number) },
        ])
      })

      test('waits for a signal unless it is told not to', async () => {
        const { client, stream_id } = await polling()
        const waiting = client.poll(stream_id, {})
        await signOut(await shop.addCustomer())
        expect(Object.keys((await waiting).body.sets)).toHaveLength(1)
      })

      test('lets another receiver not acknowledge', async () => {
        const { client, stream_id, jtis } = await withTwo()
        const other = await polling()
        await other.client.poll(other.stream_id, { maxEvents: 0, ack: jtis })
        expect(Object.keys((await client.poll(stream_id)).body.sets)).toEqual(jtis)
      })

      test.each([
        { maxEvents: -1 },
        { maxEvents: 1.5 },
        { maxEvents: '3' },
        { ack: 'x' },
        { ack: [7] },
        { setErrs: [] },
        { setErrs: { x: 'y' } },
        { setErrs: { '\u0000': { err: '' } } },
        { returnImmediately: 'yes' },
      ])('of %j is refused with 400', async (body) => {
        const { client, stream_id } = await polling()
        expect((await client.poll(stream_id, body)).status).toBe(400)
      })

      test('is not there for a stream that is pushed', async () => {
        const { client, stream_id } = await pushing()
        expect((await client.poll(stream_id)).status).toBe(404)
      })

      test('loses nothing to a change to push: what waits is pushed', async () => {
        const { client, stream_id, jtis } = await withTwo()
        const receiver = await startPushReceiver()
        receivers.push(receiver)
        const delivery = { method: PUSH, endpoint_url: receiver.url }
        expect((await client.ask('PATCH', '/ssf/streams', { stream_id, delivery })).status).toBe(200)
        await came(receiver, 2)
        const sets = await Promise.all(receiver.pushed.map(({ body }) => readSet(shop.server.url, client.id, body)))
        expect(sets.map(({ claims }) => claims.jti).sort()).toEqual([...jtis].sort())
      })
    })

    describe('verification', () => {
      test('comes once, with the state, about the stream; sooner than the interval is 429', async () => {
        const { client, stream_id } = await polling()
        const asked = await client.ask('POST', '/ssf/verify', { stream_id, state: 'abc' })
        expect([asked.status, asked.text]).toEqual([204, ''])
        const [set] = await client.take(stream_id, 1)
        expect(set).toMatchObject({
          event: 'verification',
          members: { state: 'abc' },
          subId: { format: 'opaque', id: stream_id },
        })
        expect((await client.ask('POST', '/ssf/verify', { stream_id, state: 'again' })).status).toBe(429)
      })

      test('has no state where none was given, and one winner where many ask at once', async () => {
        const { client, receiver, stream_id, read } = await pushing()
        const answers = await Promise.all(
          Array.from({ length: 6 }, () => client.ask('POST', '/ssf/verify', { stream_id })),
        )
        expect(answers.map(({ status }) => status).sort()).toEqual([204, 429, 429, 429, 429, 429])
        await came(receiver, 1)
        expect(await read(0)).toMatchObject({ event: 'verification', members: {} })
        expect((await read(0)).members.state).toBeUndefined()
      })

      test('of a stream that is disabled is refused', async () => {
        const { client, stream_id } = await polling()
        await client.ask('POST', '/ssf/status', { stream_id, status: 'disabled' })
        expect((await client.ask('POST', '/ssf/verify', { stream_id })).status).toBe(400)
      })
    })

    describe('the status', () => {
      test('paused holds signals back, enabled delivers them in order for each subject', async () => {
        for (const way of ['push', 'poll']) {
          const pushed = way === 'push' ? await pushing() : undefined
          const { client, stream_id } = pushed ?? (await polling())
          const receiver = pushed?.receiver
          await client.ask('POST', '/ssf/status', { stream_id, status: 'paused' })
          const customers = [await shop.addCustomer(), await shop.addCustomer()]
          for (const customer of [...customers, ...customers, ...customers]) await signOut(customer)
          await waitFor(async () => (await stateOf(stream_id)).waiting === 6, { what: 'six that wait' })
          if (receiver) expect(receiver.pushed).toEqual([])
          else expect((await client.poll(stream_id)).body.sets).toEqual({})
          await client.ask('POST', '/ssf/status', { stream_id, status: 'enabled' })
          if (receiver) await came(receiver, 6)
          const sets = receiver
            ? await Promise.all(receiver.pushed.map(({ body }) => readSet(shop.server.url, client.id, body)))
            : await client.take(stream_id, 6)
          for (const { id } of customers) {
            const times = sets
              .filter(({ subId }) => subId.sub === id)
              .map(({ members }) => Number(members.event_timestamp))
            expect(times).toHaveLength(3)
            expect(times).toEqual(times.toSorted((one, other) => one - other))
          }
        }
      })

      test('disabled holds nothing', async () => {
        const { client, stream_id } = await polling()
        const watcher = await polling()
        await client.ask('POST', '/ssf/status', { stream_id, status: 'disabled' })
        await signOut(await shop.addCustomer())
        await watcher.client.take(watcher.stream_id, 1)
        await client.ask('POST', '/ssf/status', { stream_id, status: 'enabled' })
        await client.ask('POST', '/ssf/verify', { stream_id })
        expect((await client.takeAll(stream_id)).map(({ event }) => event)).toEqual(['verification'])
      })

      test.each(['paused', 'disabled'])('%s by an operator is told before', async (status) => {
        for (const way of ['push', 'poll']) {
          const pushed = way === 'push' ? await pushing() : undefined
          const { client, stream_id } = pushed ?? (await polling())
          const receiver = pushed?.receiver
          const path = `/v1/streams/${stream_id}/status`
          const changed = await askAdmin(shop.server, OWNER, 'POST', path, { status, reason: 'maintenance' })
          expect(changed, JSON.stringify(changed.body)).toMatchObject({ status: 200, body: { status } })
          if (receiver) await came(receiver, 1)
          const set = receiver
            ? await readSet(shop.server.url, client.id, String(receiver.pushed[0]?.body))
            : (await client.take(stream_id, 1))[0]
          expect(set).toMatchObject({
            event: 'stream-updated',
            members: { status, reason: 'maintenance' },
            subId: { format: 'opaque', id: stream_id },
          })
          expect((await client.ask('GET', `/ssf/status?stream_id=${stream_id}`)).body).toEqual({
            stream_id,
            status,
            reason: 'maintenance',
          })
        }
      })
    })

    test('a subject that the receiver removed is not told of, until it is added again', async () => {
      const { client, stream_id } = await polling()
      const [one, two, three] = [await shop.addCustomer(), await shop.addCustomer(), await shop.addCustomer()]
      const removed = [
        { format: 'email', email: one.email.toUpperCase() },
        { format: 'iss_sub', iss: shop.server.url, sub: two.id },
      ]
      for (const subject of removed) await client.ask('POST', '/ssf/subjects/remove', { stream_id, subject })
      for (const customer of [one, two, three]) await signOut(customer)
      const [first] = await client.take(stream_id, 1)
      expect(first?.subId.sub).toBe(three.id)
      for (const subject of removed) await client.ask('POST', '/ssf/subjects/add', { stream_id, subject })
      for (const customer of [one, two]) await signOut(customer)
      const sets = await client.take(stream_id, 2)
      expect(sets.map(({ subId }) => subId.sub).sort()).toEqual([one.id, two.id].sort())
    })

    test('50 sign-outs at once are 50 signals, each once', async () => {
      const { client, stream_id } = await polling()
      const customers: TestCustomer[] = []
      for (let index = 0; index < 50; index++) customers.push(await shop.addCustomer())
      await Promise.all(customers.map(signOut))
      const sets = await client.take(stream_id, 50)
      expect(sets.map(({ subId }) => subId.sub).sort()).toEqual(customers.map(({ id }) => id).sort())
      expect(new Set(sets.map(({ claims }) => claims.jti)).size).toBe(50)
    })

    test('a sign-in of a customer alone is no event', async () => {
      const { client, stream_id } = await polling()
      const customer = await shop.addCustomer()
      await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
      await client.ask('POST', '/ssf/verify', { stream_id })
      expect((await client.takeAll(stream_id)).map(({ event }) => event)).toEqual(['verification'])
    })
  },
)
