import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resourceServersPage } from '../../src/cli/reference/resource-servers-page.ts'
import { openDatabase } from '../../src/database/index.ts'
import { runCommand } from '../cli/run-command.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { ask, OWNER } from './administrators.ts'

/** As an earlier release stored it: with a member that is for dialects alone, and without those that came later. */
const OLD = { identifier: 'urn:example:old', scopes: ['old:read'], format: 'jwt', hasShortTokens: true }

let database: TestDatabase
let server: TestServer
beforeAll(async () => {
  database = await createTestDatabase('demo')
  const { knex, close } = await openDatabase(database.settings)
  const { identifier, ...settings } = OLD
  await knex('resource_servers').insert({ identifier, settings: JSON.stringify(settings) })
  await close()
  server = await startTestServer({ ...database.settings, ADMIN_TOKEN: OWNER })
})
afterAll(async () => {
  await server?.stop()
  await database?.remove()
})

let count = 0
const service = (members: object = {}) => ({
  identifier: `urn:example:service-${++count}`,
  scopes: ['a:read', 'a:write'],
  format: 'jwt',
  ...members,
})
const admin = (method: string, path: string, body?: unknown, headers = {}) =>
  ask(server, OWNER, method, path, body, headers)
const create = (members: object) => admin('POST', '/v1/resource-servers', service(members))
const pathOf = (identifier: string) => `/v1/resource-servers/${encodeURIComponent(identifier)}`
const vestibule = (args: readonly string[], input = '') =>
  runCommand(['resource-servers', ...args], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }, input)

const WRONG: readonly [object, string][] = [
  [{ scope: ['a'] }, 'did you mean "scopes"?'],
  [{ isOffered: false }, 'did you mean "is_offered"?'],
  [{ scopeDescription: {} }, 'did you mean "scopeDescriptions"?'],
  [{ colour_of_the_moon: 'blue' }, 'docs/resource-servers.md lists them'],
  [{ constructor: true }, '"constructor" is no member of a resource server'],
  [{ hasShortTokens: true }, 'dialects alone'],
  [{ throttle: { attempts: 1, seconds: 1 } }, 'dialects alone'],
  [{ format: 'xml' }, 'format'],
  [{ scopes: 'a:read' }, 'scopes'],
  [{ scopes: ['a read'] }, 'scopes.0'],
  [{ algorithm: 'HS256' }, 'algorithm'],
  [{ token_typ: 'jwt' }, 'token_typ'],
  [{ with_nbf: 'yes' }, 'with_nbf'],
  [{ status_list: 1 }, 'status_list'],
  [{ statusList: true }, 'did you mean "status_list"?'],
  [{ format: 'opaque', status_list: true }, 'is for JWTs'],
  [{ audience: '' }, 'audience'],
  [{ accessTokenTtlSeconds: 0 }, 'accessTokenTtlSeconds'],
  [{ accessTokenTtlSeconds: 31_536_001 }, 'accessTokenTtlSeconds'],
  [{ is_offered: 'no' }, 'is_offered'],
  [{ scopeDescriptions: { 'a:rade': { en: 'Read' } } }, 'not among its scopes'],
  [{ scopeDescriptions: { 'a:read': 'Read' } }, 'scopeDescriptions.a:read'],
  [{ scopeDescriptions: { 'a:read': { english: 'Read', 'e n': 'Read' } } }, 'BCP 47'],
  [{ scopeDescriptions: { 'a:read': { en: 'x'.repeat(201) } } }, 'scopeDescriptions.a:read.en'],
  [{ scopeDescriptions: { 'a:read': { en: '  ' } } }, 'must not be blank'],
  [{ scopeDescriptions: { 'a:read': { en: 'one\ntwo' } } }, 'one line'],
  [{ scopeDescriptions: { 'a:read': { en: 'turned \u202E round' } } }, 'one line'],
  [{ scopeDescriptions: { 'a:read': { en: 'half \uD800' } } }, 'surrogate'],
  [{ scopeDescriptions: { constructor: { en: 'Read' } } }, 'not among its scopes'],
]

describe('a resource server cannot be made wrong', () => {
  test.each(WRONG)(
    '%j is refused with what is wrong, when it is made and when it is changed',
    async (members, hint) => {
      const made = await create(members)
      expect([made.status, made.body.detail]).toEqual([400, expect.stringContaining(hint)])
      const right = service()
      await admin('POST', '/v1/resource-servers', right)
      const before = await admin('GET', pathOf(right.identifier))
      const changed = await admin('PUT', pathOf(right.identifier), { ...right, ...members }, { 'If-Match': '*' })
      expect([changed.status, changed.body.detail]).toEqual([400, expect.stringContaining(hint)])
      expect((await admin('GET', pathOf(right.identifier))).body).toEqual(before.body)
    },
  )

  test('of very many unknown members the first ones are named, and the rest counted', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`scope-${index}`, true]))
    const { status, body } = await create(many)
    expect([status, body.detail]).toEqual([400, expect.stringMatching(/"scope-0" is no member.*; and 980 more$/)])
    expect(String(body.detail).length).toBeLessThan(2000)
  })

  test('more languages than a shop has are refused', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')
    const languages = letters.flatMap((letter) => [`a${letter}`, `b${letter}`])
    const texts = Object.fromEntries(languages.map((language) => [language, 'Read']))
    expect((await create({ scopeDescriptions: { 'a:read': texts } })).status).toBe(400)
  })

  test.each([{}, { 'If-Match': '"of-another-version"' }])(
    'a change that has not seen the last version is refused: %j',
    async (headers) => {
      const right = service()
      await admin('POST', '/v1/resource-servers', right)
      const { status } = await admin('PUT', pathOf(right.identifier), { ...right, format: 'opaque' }, headers)
      expect([412, 428]).toContain(status)
      expect((await admin('GET', pathOf(right.identifier))).body.format).toBe('jwt')
    },
  )

  test('a body of another resource server is refused', async () => {
    const [right, other] = [service(), service()]
    await admin('POST', '/v1/resource-servers', right)
    const { status, body } = await admin('PUT', pathOf(right.identifier), other, { 'If-Match': '*' })
    expect([status, body.code]).toEqual([400, 'other-identifier'])
  })

  test('one that exists is not replaced by create', async () => {
    const right = service()
    await admin('POST', '/v1/resource-servers', right)
    const again = await admin('POST', '/v1/resource-servers', { ...right, format: 'opaque' })
    expect([again.status, again.body.code]).toEqual([409, 'resource-server-exists'])
    expect((await admin('GET', pathOf(right.identifier))).body.format).toBe('jwt')
  })
})

describe('the command line', () => {
  test('what show prints is taken by update and by create', async () => {
    const made = service({
      scopeDescriptions: { 'a:read': { en: 'Read', 'de-CH': 'Lesen' } },
      is_offered: false,
      anonymousScopes: ['a:read'],
      accessTokenTtlSeconds: 60,
    })
    await vestibule(['create', '-'], JSON.stringify(made))
    const { stdout } = await vestibule(['show', made.identifier])
    expect(JSON.parse(stdout)).toEqual(made)
    expect((await vestibule(['update', made.identifier, '-'], stdout)).code).toBe(0)
    expect(JSON.parse((await vestibule(['show', made.identifier])).stdout)).toEqual(made)
    const other = stdout.replace(made.identifier, 'urn:example:shown-again')
    expect((await vestibule(['create', '-'], other)).code).toBe(0)
  })

  test('the example of the page is taken', async () => {
    const [, example = ''] = /<<'END'\n([\s\S]*?)\nEND\n/.exec(resourceServersPage()) ?? []
    const { code, stdout } = await vestibule(['create', '-'], example)
    expect([code, stdout]).toEqual([0, 'urn:example:returns is registered\n'])
  })

  test('members lists every member with what it does', async () => {
    const { members } = JSON.parse((await vestibule(['members', '--json'])).stdout) as { members: { name: string }[] }
    expect(members.map(({ name }) => name)).toEqual(expect.arrayContaining(['identifier', 'scopes', 'is_offered']))
    expect((await vestibule(['members', '--markdown'])).stdout).toBe(resourceServersPage())
  })
})

test('one that an earlier release stored is shown as it is, and an update names the member that is no more', async () => {
  const { stdout } = await vestibule(['show', OLD.identifier])
  expect(JSON.parse(stdout)).toEqual(OLD)
  const { code, stderr } = await vestibule(['update', OLD.identifier, '-'], stdout)
  expect([code, stderr]).toEqual([1, expect.stringContaining('hasShortTokens')])
  const { hasShortTokens: _gone, ...rest } = OLD
  expect((await vestibule(['update', OLD.identifier, '-'], JSON.stringify(rest))).code).toBe(0)
})
