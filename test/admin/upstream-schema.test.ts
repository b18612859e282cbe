import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/index.ts'
import { runCommand } from '../cli/run-command.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { ask, OWNER } from './administrators.ts'

let database: TestDatabase
let server: TestServer
beforeAll(async () => {
  database = await createTestDatabase('demo')
  server = await startTestServer({ ...database.settings, ADMIN_TOKEN: OWNER }, { captureLog: true })
})
afterAll(async () => {
  await server?.stop()
  await database?.remove()
})

const SECRET = 'a secret that must not be seen again'
let count = 0
const provider = (members: object = {}) => ({
  id: `provider-${++count}`,
  name: 'A provider',
  issuer: 'https://login.company.example',
  client_id: 'our-shop',
  ...members,
})
const admin = (method: string, path: string, body?: unknown, headers = {}) =>
  ask(server, OWNER, method, path, body, headers)
const create = (members: object, secret: string | undefined = SECRET) =>
  admin('POST', '/v1/upstreams', { upstream: provider(members), ...(secret !== '' && { secret }) })
const keyOf = (type: 'ec' | 'rsa', curve = 'P-256') =>
  (type === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: curve })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()

describe('an upstream is refused', () => {
  const WRONG: readonly (readonly [string, object, string])[] = [
    ['without a name', { name: undefined }, 'name'],
    ['with an unknown member', { emaildomains: [] }, 'did you mean \\"email_domains\\"'],
    ['with its secret among the members', { client_secret: 'x' }, 'given beside the upstream'],
    ['with an id that no address can have', { id: '../x' }, 'small letters'],
    ['with an issuer over plain http', { issuer: 'http://login.company.example' }, 'https address'],
    ['with an issuer that has a query', { issuer: 'https://login.company.example?x' }, 'https address'],
    ['with an issuer that has a user', { issuer: 'https://me@login.company.example' }, 'https address'],
    ['with an issuer that ends with a slash', { issuer: 'https://login.company.example/' }, 'https address'],
    ['without an issuer', { issuer: undefined }, 'needed for the kind oidc'],
    ['of a kind that is unknown', { kind: 'myspace' }, 'kind'],
    ['of Entra without tenants', { kind: 'entra' }, 'needed for the kind entra'],
    ['of Entra with a tenant that is none', { kind: 'entra', tenants: ['contoso'] }, 'id of a tenant'],
    [
      'that believes every tenant about a domain',
      { kind: 'entra', tenants: 'any', email_domains: ['a.example'] },
      'name the tenants',
    ],
    ['of Apple without a team', { kind: 'apple', key_id: 'K' }, 'team_id'],
    ['with tenants of another kind', { tenants: 'any' }, 'kind entra alone'],
    ['with a hosted domain of another kind', { hosted_domain: 'a.example' }, 'kind google alone'],
    ['with a domain that is none', { email_domains: ['@a.example'] }, 'must be a domain'],
    ['with a name of two lines', { name: 'A\nB' }, 'one line'],
    ['with a huge name', { name: 'x'.repeat(61) }, 'name'],
  ]
  test.each(WRONG)('%s', async (_, members, said) => {
    const { status, body } = await create(members)
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(said)])
  })

  test.each([
    ['no secret', {}, ''],
    ['a secret where none is used', { client_authentication: 'none' }, SECRET],
    ['a text in place of a key', { client_authentication: 'private_key_jwt', key_id: 'K' }, SECRET],
    ['a key of RSA for Apple', { kind: 'apple', key_id: 'K', team_id: 'T' }, keyOf('rsa')],
    ['a key of another curve', { kind: 'apple', key_id: 'K', team_id: 'T' }, keyOf('ec', 'P-384')],
  ])('with %s', async (_, members, secret) => {
    const { status, body } = await create(members, secret)
    expect([status, body.code]).toEqual([400, 'unfit-secret'])
  })

  test('when there is one of its id', async () => {
    const upstream = provider()
    expect((await admin('POST', '/v1/upstreams', { upstream, secret: SECRET })).status).toBe(201)
    expect((await admin('POST', '/v1/upstreams', { upstream, secret: SECRET })).body.code).toBe('upstream-exists')
  })
})

describe('an upstream', () => {
  test('reads back as it was written, with the addresses to register, and never with its secret', async () => {
    const upstream = provider({ email_domains: ['company.example'], position: 3, signs_out: true })
    const made = await admin('POST', '/v1/upstreams', { upstream, secret: SECRET })
    const shown = {
      upstream,
      hasSecret: true,
      addresses: {
        callback: `${server.url}/upstreams/${upstream.id}/callback`,
        backchannelLogout: `${server.url}/upstreams/${upstream.id}/backchannel-logout`,
        signedOut: `${server.url}/upstreams/${upstream.id}/signed-out`,
      },
    }
    expect([made.status, made.body]).toEqual([201, shown])
    expect((await admin('GET', `/v1/upstreams/${upstream.id}`)).body).toEqual(shown)
    expect((await admin('GET', '/v1/upstreams')).body.items).toContainEqual(shown)
  })

  test('is changed by who saw it, keeps its secret, and gets another where one is given', async () => {
    const upstream = provider()
    const path = `/v1/upstreams/${upstream.id}`
    const { headers } = await admin('POST', '/v1/upstreams', { upstream, secret: SECRET })
    const seen = { 'If-Match': String(headers.get('etag')) }
    const next = { ...upstream, name: 'Another name' }
    expect((await admin('PUT', path, { upstream: next })).status).toBe(428)
    const changed = await admin('PUT', path, { upstream: next }, seen)
    expect([changed.status, changed.body.hasSecret]).toEqual([200, true])
    expect((await admin('PUT', path, { upstream: next }, seen)).status).toBe(412)
    const any = { 'If-Match': '*' }
    expect((await admin('PUT', path, { upstream: { ...next, id: 'other' } }, any)).body.code).toBe('other-upstream')
    const keyed = { ...next, client_authentication: 'private_key_jwt', key_id: 'K' }
    expect((await admin('PUT', path, { upstream: keyed }, any)).body.code).toBe('unfit-secret')
    expect((await admin('PUT', path, { upstream: keyed, secret: keyOf('ec') }, any)).status).toBe(200)
    const keyless = { ...next, client_authentication: 'none' }
    expect((await admin('PUT', path, { upstream: keyless }, any)).body.hasSecret).toBe(false)
    expect((await admin('DELETE', path, undefined, any)).status).toBe(204)
    expect((await admin('GET', path)).status).toBe(404)
  })

  test('has its secret sealed in the database, and nowhere in trail and log', async () => {
    const upstream = provider()
    await admin('POST', '/v1/upstreams', { upstream, secret: SECRET })
    const { knex, close } = await openDatabase(database.settings)
    const rows = await knex('upstreams').where({ id: upstream.id })
    await close()
    expect(JSON.stringify(rows)).toMatch(/A256GCM/)
    const { body: trail } = await admin('GET', '/v1/audit?type=upstream.changed&limit=50')
    expect(JSON.stringify(trail)).toContain(upstream.id)
    expect(JSON.stringify([rows, trail, server.logLines])).not.toContain(SECRET)
  })

  test('has its secret sealed anew with the others', async () => {
    const upstream = provider()
    await admin('POST', '/v1/upstreams', { upstream, secret: SECRET })
    const sealed = async () => {
      const { knex, close } = await openDatabase(database.settings)
      const row = await knex('upstreams').where({ id: upstream.id }).first('sealed_secret')
      await close()
      return JSON.stringify(row)
    }
    const before = await sealed()
    await admin('POST', '/v1/keys/reencrypt', {})
    expect(await sealed()).not.toBe(before)
  })
})

test('the command adds, shows, changes, checks and removes a provider', async () => {
  const vestibule = (args: readonly string[], input = '') =>
    runCommand(['upstreams', ...args], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }, input)
  const upstream = provider({ issuer: 'https://nothing.invalid' })
  const file = join(temporaryDirectory('upstreams'), 'upstream.json')
  writeFileSync(file, JSON.stringify(upstream))
  const made = await vestibule(['create', file, '--secret-stdin'], `${SECRET}\n`)
  expect([made.code, made.stdout]).toEqual([0, expect.stringContaining(`/upstreams/${upstream.id}/callback`)])
  expect(JSON.parse((await vestibule(['show', upstream.id])).stdout)).toEqual(upstream)
  expect((await vestibule(['list'])).stdout).toMatch(new RegExp(`${upstream.id} +A provider +oidc +enabled`))
  writeFileSync(file, JSON.stringify({ ...upstream, is_enabled: false }))
  expect((await vestibule(['update', upstream.id, file])).code).toBe(0)
  expect((await vestibule(['list'])).stdout).toMatch(new RegExp(`${upstream.id} +A provider +oidc +disabled`))
  const checked = await vestibule(['check', upstream.id])
  expect([checked.code, checked.stdout]).toEqual([1, expect.stringContaining('metadata: no answer')])
  expect((await vestibule(['delete', upstream.id])).stdout).toContain('is removed')
  expect((await vestibule(['members'])).stdout).toContain('email_domains')
})
