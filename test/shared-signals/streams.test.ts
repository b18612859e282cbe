import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask as askAdmin, OWNER } from '../admin/administrators.ts'
import { read, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { addStreamClient, POLL, PUSH } from './stream-client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
const PURGED = 'https://schemas.openid.net/secevent/risc/event-type/account-purged'
const push = (more: object = {}) => ({ method: PUSH, endpoint_url: 'http://127.0.0.1:9/events', ...more })

test('the metadata of the transmitter names every endpoint, with the issuer of discovery (SSF 1.0 §7.1)', async () => {
  const [{ body, headers }, discovery] = await Promise.all([
    read(fetch(`${server.url}/.well-known/ssf-configuration`)),
    read(fetch(`${server.url}/.well-known/openid-configuration`)),
  ])
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(body).toEqual({
    spec_version: '1_0',
    issuer: discovery.body.issuer,
    jwks_uri: discovery.body.jwks_uri,
    delivery_methods_supported: [PUSH, POLL],
    configuration_endpoint: `${server.url}/ssf/streams`,
    status_endpoint: `${server.url}/ssf/status`,
    add_subject_endpoint: `${server.url}/ssf/subjects/add`,
    remove_subject_endpoint: `${server.url}/ssf/subjects/remove`,
    verification_endpoint: `${server.url}/ssf/verify`,
    critical_subject_members: ['user', 'tenant', 'session'],
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  })
})

describe('a stream', () => {
  test('without delivery is polled at an address that the server sets', async () => {
    const client = await addStreamClient(server)
    const { status, body } = await client.ask('POST', '/ssf/streams', {})
    expect(status).toBe(201)
    expect(body).toMatchObject({
      iss: server.url,
      aud: client.id,
      delivery: { method: POLL, endpoint_url: `${server.url}/ssf/poll/${body.stream_id}` },
      min_verification_interval: 60,
    })
    expect(body.events_supported).toEqual(expect.arrayContaining([SESSION_REVOKED, PURGED]))
    expect(body.events_delivered).toEqual(body.events_supported)
  })

  test('delivers of the events asked for those that there are', async () => {
    const client = await addStreamClient(server)
    const wanted = [PURGED, 'https://elsewhere.example/event', SESSION_REVOKED]
    const { events_requested, events_delivered } = await client.create({ events_requested: wanted })
    expect(events_requested).toEqual(wanted)
    expect(new Set(events_delivered as string[])).toEqual(new Set([PURGED, SESSION_REVOKED]))
  })

  test('is one for each client, however many ask at once', async () => {
    const client = await addStreamClient(server)
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.ask('POST', '/ssf/streams', {})))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
  })

  test('is read by its id, and in a list of the client’s own', async () => {
    const client = await addStreamClient(server)
    expect((await client.ask('GET', '/ssf/streams')).body).toEqual([])
    const made = await client.create({ description: 'our SIEM' })
    expect((await client.ask('GET', `/ssf/streams?stream_id=${made.stream_id}`)).body).toEqual(made)
    expect((await client.ask('GET', '/ssf/streams')).body).toEqual([made])
  })

  test.each([randomUUID(), 'none', '%00', "'--"])('of the id %j does not exist', async (id) => {
    const client = await addStreamClient(server)
    expect((await client.ask('GET', `/ssf/streams?stream_id=${id}`)).status).toBe(404)
    expect((await client.ask('GET', `/ssf/status?stream_id=${id}`)).status).toBe(404)
    expect((await client.ask('DELETE', `/ssf/streams?stream_id=${id}`)).status).toBe(404)
    expect((await client.poll(id)).status).toBe(404)
  })

  test('of another client is as one that does not exist', async () => {
    const [owner, other] = [await addStreamClient(server), await addStreamClient(server)]
    const { stream_id } = await owner.create()
    const subject = { format: 'opaque', id: 'x' }
    const answers = await Promise.all([
      other.ask('GET', `/ssf/streams?stream_id=${stream_id}`),
      other.ask('PATCH', '/ssf/streams', { stream_id, description: 'mine' }),
      other.ask('PUT', '/ssf/streams', { stream_id }),
      other.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`),
      other.ask('GET', `/ssf/status?stream_id=${stream_id}`),
      other.ask('POST', '/ssf/status', { stream_id, status: 'disabled' }),
      other.ask('POST', '/ssf/subjects/add', { stream_id, subject }),
      other.ask('POST', '/ssf/subjects/remove', { stream_id, subject }),
      other.ask('POST', '/ssf/verify', { stream_id }),
      other.poll(stream_id),
    ])
    const unknown = await other.ask('GET', `/ssf/streams?stream_id=${randomUUID()}`)
    for (const answer of answers) expect([answer.status, answer.text]).toEqual([404, unknown.text])
    expect((await owner.ask('GET', '/ssf/streams')).body).toHaveLength(1)
    expect((await other.ask('GET', '/ssf/streams')).body).toEqual([])
  })

  test('is changed in part by PATCH: what is left out stays, null goes', async () => {
    const client = await addStreamClient(server)
    const { stream_id } = await client.create({
      description: 'first',
      events_requested: [PURGED],
      delivery: push({ authorization_header: 'Bearer of-the-receiver' }),
    })
    const one = await client.ask('PATCH', '/ssf/streams', { stream_id, description: 'second' })
    expect(one).toMatchObject({
      status: 200,
      body: {
        description: 'second',
        events_delivered: [PURGED],
        delivery: push({ authorization_header: 'Bearer of-the-receiver' }),
      },
    })
    const two = await client.ask('PATCH', '/ssf/streams', { stream_id, description: null, events_requested: null })
    expect(two.body.description).toBeUndefined()
    expect(two.body.events_delivered).toEqual(two.body.events_supported)
    const back = await client.ask('PATCH', '/ssf/streams', two.body)
    expect([back.status, back.body]).toEqual([200, two.body])
  })

  test('is replaced by PUT: what is left out is gone', async () => {
    const client = await addStreamClient(server)
    const made = await client.create({ description: 'first', events_requested: [PURGED], delivery: push() })
    const same = await client.ask('PUT', '/ssf/streams', made)
    expect([same.status, same.body]).toEqual([200, made])
    const { status, body } = await client.ask('PUT', '/ssf/streams', { stream_id: made.stream_id })
    expect(status).toBe(200)
    expect(body.description).toBeUndefined()
    expect(body.delivery).toEqual({ method: POLL, endpoint_url: `${server.url}/ssf/poll/${made.stream_id}` })
  })

  test.each([
    ['aud', 'https://somebody.else'],
    ['iss', 'https://somebody.else'],
    ['events_supported', []],
    ['events_delivered', [PURGED]],
    ['min_verification_interval', 1],
  ])('keeps what the server says of it: another %s is refused', async (name, value) => {
    const client = await addStreamClient(server)
    const { stream_id } = await client.create()
    for (const method of ['PATCH', 'PUT'])
      expect((await client.ask(method, '/ssf/streams', { stream_id, [name]: value })).status).toBe(400)
  })

  test('takes its aud as a list as well', async () => {
    const client = await addStreamClient(server)
    const { stream_id, aud } = await client.create()
    expect((await client.ask('PATCH', '/ssf/streams', { stream_id, aud: [aud] })).status).toBe(200)
  })

  test('is gone after DELETE, and another can be made', async () => {
    const client = await addStreamClient(server)
    const { stream_id } = await client.create()
    const gone = await client.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`)
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect((await client.ask('GET', `/ssf/streams?stream_id=${stream_id}`)).status).toBe(404)
    await client.create()
  })

  test('goes with its client', async () => {
    const client = await addStreamClient(server)
    await client.create()
    const { headers } = await askAdmin(server, OWNER, 'GET', `/v1/clients/${client.id}`)
    const etag = { 'if-match': String(headers.get('etag')) }
    expect((await askAdmin(server, OWNER, 'DELETE', `/v1/clients/${client.id}`, undefined, etag)).status).toBe(204)
    const { body } = await askAdmin(server, OWNER, 'GET', '/v1/streams?limit=1000')
    expect((body.items as { clientId: string }[]).filter(({ clientId }) => clientId === client.id)).toEqual([])
  })

  const BAD: Readonly<Record<string, unknown>> = {
    'that is a list': [],
    'with a delivery that is a text': { delivery: 'push' },
    'with an unknown method': { delivery: { method: 'carrier-pigeon' } },
    'with push and no address': { delivery: { method: PUSH } },
    'with push to no address at all': { delivery: push({ endpoint_url: 'nowhere' }) },
    'with push to a file': { delivery: push({ endpoint_url: 'file:///etc/passwd' }) },
    'with push to a private address': { delivery: push({ endpoint_url: 'https://10.0.0.1/events' }) },
    'with push to a metadata service': { delivery: push({ endpoint_url: 'http://169.254.169.254/latest' }) },
    'with push without TLS': { delivery: push({ endpoint_url: 'http://198.51.100.7/events' }) },
    'with a password in the address': { delivery: push({ endpoint_url: 'https://user:secret@receiver.example/' }) },
    'with a fragment in the address': { delivery: push({ endpoint_url: 'https://receiver.example/#x' }) },
    'with a header of two lines': { delivery: push({ authorization_header: 'Bearer x\r\nHost: y' }) },
    'with a poll address of its own': { delivery: { method: POLL, endpoint_url: 'https://receiver.example/' } },
    'with events that are a text': { events_requested: PURGED },
    'with a description that is a number': { description: 7 },
  }
  test.each(Object.keys(BAD))('%s is refused with 400', async (name) => {
    const client = await addStreamClient(server)
    const answer = await client.ask('POST', '/ssf/streams', BAD[name])
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })
})

describe('a token', () => {
  const OPERATIONS: readonly (readonly [string, string, boolean])[] = [
    ['POST', '/ssf/streams', false],
    ['PATCH', '/ssf/streams', false],
    ['PUT', '/ssf/streams', false],
    ['DELETE', '/ssf/streams?stream_id=x', false],
    ['POST', '/ssf/status', false],
    ['POST', '/ssf/subjects/add', false],
    ['POST', '/ssf/subjects/remove', false],
    ['POST', '/ssf/verify', false],
    ['GET', '/ssf/streams', true],
    ['GET', '/ssf/status?stream_id=x', true],
    ['POST', '/ssf/poll/x', true],
  ]
  test.each(OPERATIONS)('is asked for at %s %s, with the scope of it', async (method, path, isRead) => {
    const reader = await addStreamClient(server, ['ssf.read'])
    const stranger = await addStreamClient(server, ['global_token_revocation'])
    const customer = (await tokensOf(server.url)).access_token
    const body = method === 'GET' || method === 'DELETE' ? undefined : {}
    expect((await reader.ask(method, path, body, '')).status, 'no token').toBe(401)
    expect((await reader.ask(method, path, body, 'nonsense')).status).toBe(401)
    const refused = await stranger.ask(method, path, body)
    expect([refused.status, refused.body.error]).toEqual([403, 'insufficient_scope'])
    expect((await stranger.ask(method, path, body, customer)).status, 'of a customer').toBe(403)
    expect((await reader.ask(method, path, body)).status === 403, 'with ssf.read').toBe(!isRead)
    const inQuery = await fetch(`${server.url}${path.split('?')[0]}?access_token=${reader.bearer}`, { method })
    expect(inQuery.status, 'in the query').toBe(401)
  })

  test('of ssf.read does not show the secret of the receiver', async () => {
    const client = await addStreamClient(server, ['ssf.manage', 'ssf.read'])
    const delivery = push({ authorization_header: 'Bearer of-the-receiver' })
    const made = await client.create({ delivery })
    expect(made.delivery).toEqual(delivery)
    const { body: clientOf } = await askAdmin(server, OWNER, 'GET', `/v1/streams/${made.stream_id}`)
    expect(JSON.stringify(clientOf)).not.toContain('of-the-receiver')
  })
})

describe('the status', () => {
  test('is enabled at first, changed by the receiver, and told', async () => {
    const client = await addStreamClient(server)
    const { stream_id } = await client.create()
    const path = `/ssf/status?stream_id=${stream_id}`
    expect((await client.ask('GET', path)).body).toEqual({ stream_id, status: 'enabled' })
    const paused = { stream_id, status: 'paused', reason: 'we move' }
    const changed = await client.ask('POST', '/ssf/status', paused)
    expect([changed.status, changed.body]).toEqual([200, paused])
    expect((await client.ask('GET', path)).body).toEqual(paused)
  })

  test.each([{}, { status: 'off' }, { status: 'paused', reason: 7 }])('%j is refused', async (body) => {
    const client = await addStreamClient(server)
    const { stream_id } = await client.create()
    expect((await client.ask('POST', '/ssf/status', { stream_id, ...body })).status).toBe(400)
  })
})

test('subjects that can be named are taken, others are refused, and none of the answers tells whether there is such a person', async () => {
  const client = await addStreamClient(server)
  const { stream_id } = await client.create()
  const ask = (what: 'add' | 'remove', subject: unknown) =>
    client.ask('POST', `/ssf/subjects/${what}`, { stream_id, subject, verified: true })
  for (const subject of [
    { format: 'email', email: 'sonia@spryker.com' },
    { format: 'email', email: 'stranger@example.com' },
    { format: 'iss_sub', iss: server.url, sub: 'x' },
    { format: 'phone_number', phone_number: '+12065550100' },
    { format: 'complex', tenant: { format: 'opaque', id: 'x' } },
    { format: 'aliases', identifiers: [{ format: 'email', email: 'sonia@spryker.com' }] },
  ]) {
    const [added, removed] = [await ask('add', subject), await ask('remove', subject)]
    expect([added.status, added.text, removed.status, removed.text]).toEqual([200, '', 204, ''])
  }
  for (const subject of [undefined, null, 'sonia', {}, { format: 'complex' }, { format: 'email' }])
    expect([(await ask('add', subject)).status, (await ask('remove', subject)).status]).toEqual([400, 400])
})
