import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PRESETS } from '../../src/clients/presets.ts'
import { runCommand } from '../cli/run-command.ts'
import { authorizationUrl, decode, obtainCode, pkce, read, redeem } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask } from './administrators.ts'

const OWNER = 'an-admin-token-for-tests'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const CALLBACK = 'https://shop.example/callback'
let count = 0
const app = (members: object) => ({
  client_id: `app-${++count}`,
  first_party: true,
  redirect_uris: [CALLBACK],
  ...members,
})
const create = (members: object) => ask(server, OWNER, 'POST', '/v1/clients', { metadata: app(members) })
const vestibule = (args: readonly string[], input = '') =>
  runCommand(args, { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }, input)

describe('a client cannot be made wrong', () => {
  test.each([
    [{ redirect_urls: [CALLBACK] }, 'did you mean "redirect_uris"?'],
    [{ firstparty: true }, 'did you mean "first_party"?'],
    [{ requirePkce: true }, 'did you mean "require_pkce"?'],
    [{ colour_of_the_moon: 'blue' }, 'docs/clients.md lists them'],
    [{ client_secret: 'a-secret-of-sixteen' }, 'send it beside'],
  ])('an unknown member is refused with what was meant: %j', async (members, hint) => {
    const { status, body } = await create(members)
    expect([status, body.detail]).toEqual([400, expect.stringContaining(hint)])
    expect(body.detail).toContain(Object.keys(members)[0])
  })

  test.each([
    [{ token_endpoint_auth_method: 'none', require_pkce: false }, 'require_pkce'],
    [{ token_endpoint_auth_method: 'none', refresh_policy: 'keep' }, 'refresh_policy'],
    [{ first_party: false }, 'resource_scopes'],
    [{ redirect_uris: ['shop'] }, 'redirect_uris'],
    [{ grant_types: 'password' }, 'grant_types'],
    [{ access_token_ttl_seconds: -1 }, 'access_token_ttl_seconds'],
    [{ default_resource: 'commerce' }, 'default_resource'],
  ])('what contradicts itself or has another form is refused with the member: %j', async (members, member) => {
    const { status, body } = await create(members)
    expect([status, body.detail]).toEqual([400, expect.stringContaining(member)])
  })

  test('one that proves itself by a secret gets one that works, and it is shown once', async () => {
    const made = await create({ grant_types: ['client_credentials'], redirect_uris: undefined })
    const { secret, metadata } = made.body as { secret: string; metadata: { client_id: string } }
    const answer = await read(
      postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, basicAuth(metadata.client_id, secret)),
    )
    expect(answer.status).toBe(200)
    expect(JSON.stringify(await ask(server, OWNER, 'GET', `/v1/clients/${metadata.client_id}`))).not.toContain(secret)
  })

  test('a public one gets none, and neither does one that brings its own', async () => {
    expect((await create({ token_endpoint_auth_method: 'none' })).body.secret).toBeUndefined()
    const brought = { metadata: app({}), secret: 'a-secret-of-sixteen' }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', brought)).body.secret).toBeUndefined()
  })

  test('what is allowed and unwise is said, and is stored', async () => {
    const { status, body } = await create({ redirect_uris: undefined })
    expect([status, body.warnings]).toEqual([201, [expect.stringContaining('redirect_uris')]])
  })

  test('the revision of a new client is that of the stored one', async () => {
    const made = await create({})
    const { client_id } = made.body.metadata as { client_id: string }
    const headers = { authorization: `Bearer ${OWNER}`, 'content-type': 'application/json' }
    const path = `${server.adminUrl}/v1/clients/${client_id}`
    const seen = (await fetch(path, { headers })).headers.get('etag') ?? ''
    expect(made.headers.get('etag')).toBe(seen)
  })
})

describe('the command line', () => {
  test.each(PRESETS)(
    'what the preset %s makes is a client that is stored without a warning of the server',
    async (preset) => {
      const id = `preset-${preset}`
      const redirects = ['service', 'dialect'].includes(preset) ? [] : ['--redirect-uri', CALLBACK]
      const { code, stdout, stderr } = await vestibule(['clients', 'create', id, '--preset', preset, ...redirects])
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toContain(`${id} is registered`)
      const hasSecret = ['web', 'service', 'agent-platform', 'google'].includes(preset)
      expect(/^[\w-]{43}$/m.test(stdout)).toBe(hasSecret)
    },
  )

  test('what show prints is taken by update and by create', async () => {
    await vestibule(['clients', 'create', 'shown', '--preset', 'spa', '--redirect-uri', CALLBACK])
    const { stdout } = await vestibule(['clients', 'show', 'shown'])
    expect((await vestibule(['clients', 'update', 'shown', '-'], stdout)).code).toBe(0)
    const other = stdout.replaceAll('"shown"', '"shown-again"')
    expect((await vestibule(['clients', 'create', '-'], other)).code).toBe(0)
  })

  test('a file of another client is not taken by update, and changes nothing', async () => {
    for (const id of ['first', 'second'])
      await vestibule(['clients', 'create', id, '--preset', 'spa', '--redirect-uri', CALLBACK])
    const before = await vestibule(['clients', 'show', 'second'])
    const { stdout } = await vestibule(['clients', 'show', 'first'])
    const { code, stderr } = await vestibule(['clients', 'update', 'second', '-'], stdout)
    expect([code, stderr]).toEqual([1, expect.stringContaining('"first", another client')])
    expect(await vestibule(['clients', 'show', 'second'])).toEqual(before)
  })

  test('an unknown preset is refused with those that there are', async () => {
    const { code, stderr } = await vestibule(['clients', 'create', 'x', '--preset', 'blog'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('spa, web, mobile, service, agent-platform, google, dialect'),
    ])
  })
})

describe('PKCE', () => {
  const authorize = async (members: object, fields: Record<string, string> = {}) => {
    const made = await create(members)
    const { client_id } = made.body.metadata as { client_id: string }
    const url = authorizationUrl(server.url, { client_id, redirect_uri: CALLBACK, scope: 'openid', ...fields })
    const answer = await fetch(url, { redirect: 'manual' })
    return answer.headers.get('location') ?? ''
  }
  const WITHOUT = /error=invalid_request/
  const GOES_ON = /\/interaction\//

  test.each([
    ['a public client', { token_endpoint_auth_method: 'none' }, WITHOUT],
    ['a confidential client', {}, GOES_ON],
    ['a confidential client that says so', { require_pkce: true }, WITHOUT],
    ['a confidential client that says it need not', { require_pkce: false }, GOES_ON],
  ])('%s without a challenge', async (_who, members, where) => {
    expect(await authorize(members)).toMatch(where)
  })

  test.each([{ token_endpoint_auth_method: 'none' }, {}, { require_pkce: false }])(
    'with a challenge every client goes on: %j',
    async (members) => {
      const { challenge } = pkce()
      const fields = { code_challenge: challenge, code_challenge_method: 'S256' }
      expect(await authorize(members, fields)).toMatch(GOES_ON)
    },
  )
})

describe('what shops that sign in here ask for', () => {
  async function signedInAt(members: object) {
    const made = await create({ token_endpoint_auth_method: 'none', redirect_uris: [CALLBACK], ...members })
    const { client_id } = made.body.metadata as { client_id: string }
    const { challenge } = pkce()
    const fields = { client_id, redirect_uri: CALLBACK, code_challenge: challenge, code_challenge_method: 'S256' }
    const { jar } = await obtainCode(server.url, { ...fields, scope: 'openid' })
    const ask = async (more: Record<string, string>) => {
      const url = authorizationUrl(server.url, { ...fields, scope: 'openid', ...more })
      return (await jar.fetch(url)).headers.get('location') ?? ''
    }
    return { ask, jar }
  }

  test.each([
    [{ prompt: 'login' }, true, /^https:\/\/shop.example\/callback\?.*code=/],
    [{ prompt: 'login' }, false, /\/interaction\//],
    [{ prompt: 'login', max_age: '0' }, true, /\/interaction\//],
    [{ prompt: 'none' }, true, /^https:\/\/shop.example\/callback\?.*code=/],
  ])('with a session, %j at a client that ignores prompt=login: %s', async (fields, ignore_prompt_login, where) => {
    const { ask } = await signedInAt({ ignore_prompt_login })
    expect(await ask(fields)).toMatch(where)
  })

  test('a form that max_age=0 asked for cannot be gone round', async () => {
    const { ask, jar } = await signedInAt({ ignore_prompt_login: true })
    const form = await ask({ prompt: 'login', max_age: '0' })
    const uid = /interaction\/([\w-]+)/.exec(form)?.[1]
    const around = await jar.fetch(`${server.url}/authorize/${uid}`)
    expect(around.headers.get('location') ?? '').not.toContain('code=')
  })

  test('without a session prompt=login shows the form, and prompt=none says login_required, whatever the client says', async () => {
    const made = await create({ token_endpoint_auth_method: 'none', ignore_prompt_login: true })
    const { client_id } = made.body.metadata as { client_id: string }
    const { challenge } = pkce()
    const where = async (prompt: string) => {
      const fields = {
        client_id,
        redirect_uri: CALLBACK,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        prompt,
      }
      return (await fetch(authorizationUrl(server.url, fields), { redirect: 'manual' })).headers.get('location') ?? ''
    }
    expect(await where('login')).toMatch(/\/interaction\//)
    expect(await where('none')).toMatch(/error=login_required/)
  })

  test.each([
    [{ long_codes: true }, 86],
    [{}, 43],
  ])('a code at a client with %j has %d characters, and works', async (members, length) => {
    const made = await create({ token_endpoint_auth_method: 'none', ...members })
    const { client_id } = made.body.metadata as { client_id: string }
    const { code, verifier } = await obtainCode(server.url, { client_id, redirect_uri: CALLBACK, scope: 'openid' })
    expect(code).toHaveLength(length)
    const answer = await redeem(server.url, code, verifier, { client_id, redirect_uri: CALLBACK })
    expect(answer.status).toBe(200)
  })
})

describe('a request that names no resource server', () => {
  const audienceOf = async (members: object) => {
    const made = await create({ grant_types: ['client_credentials'], redirect_uris: undefined, ...members })
    const { secret, metadata } = made.body as { secret: string; metadata: { client_id: string } }
    const answer = await read(
      postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, basicAuth(metadata.client_id, secret)),
    )
    return answer.status === 200 ? tokenAudience(answer.body.access_token) : answer.body.error
  }
  const tokenAudience = (token: string) => (token.includes('.') ? decode(token).payload.aud : 'opaque')

  test('gets a token for that of the client, else for DEFAULT_RESOURCE', async () => {
    expect(await audienceOf({})).toBe('urn:vestibule:commerce')
    expect(await audienceOf({ default_resource: 'urn:vestibule:warehouse' })).toBe('opaque')
    expect(await audienceOf({ default_resource: 'urn:example:unknown' })).toBe('invalid_target')
  })
})
