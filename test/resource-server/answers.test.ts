import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Needs,
  type ResourceServerOptions,
  refuseAgents,
  requireCompanyUser,
  requireCustomer,
  requirePermission,
  requireScope,
  requireSignIn,
} from '../../packages/resource-server/src/index.ts'
import { createService, type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'
import { FRAMEWORKS } from './frameworks.ts'

let issuer: FakeIssuer
const started: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  issuer = await startFakeIssuer()
})
afterEach(async () => {
  for (const stop of started.splice(0)) await stop()
})
afterAll(() => issuer.stop())

async function start(framework: string, options: Partial<ResourceServerOptions>, needs: Needs = {}) {
  const { server } = createService(issuer, options)
  const running = await FRAMEWORKS[framework]?.(server, needs)
  started.push(
    () => running?.stop(),
    () => server.close(),
  )
  return async (authorization?: string, path = '/orders') => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const answer = await fetch(`${running?.url}${path}`, { headers })
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      challenge: answer.headers.get('www-authenticate'),
      retryAfter: answer.headers.get('retry-after'),
      cors: answer.headers.get('access-control-allow-origin'),
      body: await answer.text(),
    }
  }
}

const scopeMissing = { rules: requireScope('orders:write') }
const METADATA = 'http://orders.test/.well-known/oauth-protected-resource/api'

type Expected = { status: number; type: string | null; challenge: string | null; body: unknown }
const json = 'application/json'
const COMMON = 'scope="orders:write", realm="shop"'
const NEEDED = `Bearer ${COMMON}`
const BAD = `Bearer error="invalid_token", ${COMMON}`
const LACKING = `Bearer error="insufficient_scope", ${COMMON}`
/** What each style answers without a token, with a bad one, and without the scope. */
const STYLES: Readonly<Record<string, readonly [none: Expected, bad: Expected, scope: Expected]>> = {
  rfc6750: [
    { status: 401, type: null, challenge: NEEDED, body: '' },
    { status: 401, type: json, challenge: BAD, body: { error: 'invalid_token' } },
    {
      status: 403,
      type: json,
      challenge: LACKING,
      body: { error: 'insufficient_scope' },
    },
  ],
  problem: [
    {
      status: 401,
      type: 'application/problem+json',
      challenge: NEEDED,
      body: { type: 'about:blank', title: 'An access token is needed', status: 401, code: 'missing_token' },
    },
    {
      status: 401,
      type: 'application/problem+json',
      challenge: BAD,
      body: { type: 'about:blank', title: 'The access token is not valid', status: 401, code: 'invalid_token' },
    },
    {
      status: 403,
      type: 'application/problem+json',
      challenge: LACKING,
      body: { type: 'about:blank', title: 'The access token lacks a scope', status: 403, code: 'insufficient_scope' },
    },
  ],
  spryker: [
    {
      status: 403,
      type: 'application/vnd.api+json',
      challenge: NEEDED,
      body: { errors: [{ status: 403, code: '002', detail: 'Missing access token.' }] },
    },
    {
      status: 401,
      type: 'application/vnd.api+json',
      challenge: BAD,
      body: { errors: [{ status: 401, code: '001', detail: 'Invalid access token.' }] },
    },
    {
      status: 403,
      type: 'application/vnd.api+json',
      challenge: LACKING,
      body: { errors: [{ status: 403, code: '802', detail: 'Unauthorized request.' }] },
    },
  ],
  magento: [
    { status: 401, type: json, challenge: NEEDED, body: magento('self') },
    { status: 401, type: json, challenge: BAD, body: magento('self') },
    {
      status: 401,
      type: json,
      challenge: LACKING,
      body: magento('orders:write'),
    },
  ],
  ucp: [
    {
      status: 401,
      type: json,
      challenge: NEEDED,
      body: ucp('identity_required', 'An access token is needed'),
    },
    { status: 401, type: json, challenge: BAD, body: ucp('identity_required', 'The access token is not valid') },
    {
      status: 403,
      type: json,
      challenge: LACKING,
      body: ucp('insufficient_scope', 'The access token lacks a scope'),
    },
  ],
}

function ucp(code: string, content: string) {
  return { messages: [{ type: 'error', code, severity: 'requires_buyer_review', content }] }
}

function magento(resources: string) {
  return { message: "The consumer isn't authorized to access %resources.", parameters: { resources } }
}

describe.each(Object.keys(FRAMEWORKS))('%s', (framework) => {
  test('a good token passes, and the handler knows who calls', async () => {
    const ask = await start(framework, {})
    const answer = await ask(`Bearer ${await issuer.token()}`)
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ sub: 'customer-1' })
  })

  test.each(Object.keys(STYLES))('refuses in the style %s', async (style) => {
    const ask = await start(
      framework,
      { errors: style as keyof typeof STYLES & 'rfc6750', realm: 'shop' },
      scopeMissing,
    )
    const answers = [await ask(), await ask('Bearer a.b.c'), await ask(`Bearer ${await issuer.token()}`)]
    expect(
      answers.map((each) => ({
        ...each,
        type: each.body === '' ? null : each.type?.split(';')[0],
        body: parsed(each.body),
      })),
    ).toMatchObject(STYLES[style] ?? [])
  })

  test('answers 503 with Retry-After and without a challenge when nothing can be checked', async () => {
    const ask = await start(framework, { jwksUri: 'http://127.0.0.1:1/jwks' })
    expect(await ask(`Bearer ${await issuer.token()}`)).toMatchObject({ status: 503, retryAfter: '5', challenge: null })
  })

  test('publishes its metadata, and refusals lead there', async () => {
    const ask = await start(framework, {
      resource: 'http://orders.test/api',
      scopesSupported: ['orders:read'],
      realm: 'shop',
    })
    expect((await ask()).challenge).toBe(`Bearer realm="shop", resource_metadata="${METADATA}"`)
    const answer = await ask(undefined, '/.well-known/oauth-protected-resource/api')
    expect(answer).toMatchObject({ status: 200, cors: '*' })
    expect(answer.type).toMatch(/^application\/json/)
    expect(JSON.parse(answer.body)).toEqual({
      resource: 'http://orders.test/api',
      authorization_servers: [issuer.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['orders:read'],
    })
  })
})

test('a style of one’s own decides status and body; the headers stay', async () => {
  const errors: ResourceServerOptions['errors'] = ({ status, code }) => ({
    status,
    contentType: 'text/plain',
    body: code,
  })
  const ask = await start('Express', { errors })
  expect(await ask('Bearer a.b.c')).toMatchObject({
    status: 401,
    body: 'invalid_token',
    challenge: `Bearer error="invalid_token", realm="${issuer.issuer}"`,
  })
})

describe('rules', () => {
  const now = () => issuer.now()
  const PERMITTED = { permissions: [{ key: 'ReadCart', configuration: { ids: [1, 2] } }, 'WriteCart'] }
  const ofCart = (id: number) => (configuration: unknown) =>
    (configuration as { ids?: number[] })?.ids?.includes(id) ?? false

  test.each<[string, Needs['rules'], Record<string, unknown>, string]>([
    ['a scope that is there', requireScope('orders:read'), {}, '200'],
    ['a scope that begins alike', requireScope('orders'), {}, '403 insufficient_scope'],
    ['one of two scopes', requireScope('orders:read', 'x'), {}, '403 insufficient_scope'],
    ['no scope claim', requireScope('orders:read'), { scope: undefined }, '403 insufficient_scope'],
    ['a permission by key', requirePermission('WriteCart'), PERMITTED, '200'],
    ['a permission for this cart', requirePermission('ReadCart', ofCart(2)), PERMITTED, '200'],
    [
      'a permission for another cart',
      requirePermission('ReadCart', ofCart(9)),
      PERMITTED,
      '403 insufficient_permission',
    ],
    ['no permission', requirePermission('ReadCart'), {}, '403 insufficient_permission'],
    ['a company user', requireCompanyUser(), { id_company_user: 'cu-1' }, '200'],
    ['this company user', requireCompanyUser('cu-1'), { id_company_user: 'cu-1' }, '200'],
    ['another company user', requireCompanyUser('cu-2'), { id_company_user: 'cu-1' }, '403 company_user_required'],
    ['no company user', requireCompanyUser(), { id_company_user: null }, '403 company_user_required'],
    ['a customer', requireCustomer(), { customer_reference: 'DE--21' }, '200'],
    ['a service', requireCustomer(), {}, '403 customer_required'],
    ['no agent', refuseAgents(), { act: { sub: 'orders-service' } }, '200'],
    [
      'an agent behind a service',
      refuseAgents(),
      { act: { sub: 'x', act: { sub: 'agent:7' } } },
      '403 insufficient_permission',
    ],
    ['an agent of its own', refuseAgents(), { sub: 'agent:7' }, '403 insufficient_permission'],
    ['a strong sign-in', requireSignIn({ acrValues: ['2'] }), { acr: '2' }, '200'],
    ['a weak sign-in', requireSignIn({ acrValues: ['2'] }), { acr: '1' }, '401 insufficient_user_authentication'],
    ['an old sign-in', requireSignIn({ maxAgeSeconds: 60 }), { auth_time: 1 }, '401 insufficient_user_authentication'],
    ['several', [requireScope('orders:read'), requireCustomer()], {}, '403 customer_required'],
  ])('%s', async (_what, rules, claims, expected) => {
    const { server } = createService(issuer)
    const authorization = `Bearer ${await issuer.token({ auth_time: now(), ...claims })}`
    const admission = await server.admit(new Request('http://x/', { headers: { authorization } }), {
      ...(rules && { rules }),
    })
    expect(admission.isAdmitted ? '200' : `${admission.answer.status} ${admission.refused.code}`).toBe(expected)
    server.close()
  })

  test('a sign-in that is too weak is told what would do (RFC 9470)', async () => {
    const rules = requireSignIn({ acrValues: ['urn:x:2'], maxAgeSeconds: 300 })
    const ask = await start('Koa', { realm: 'shop' }, { rules })
    expect((await ask(`Bearer ${await issuer.token()}`)).challenge).toBe(
      'Bearer error="insufficient_user_authentication", acr_values="urn:x:2", max_age="300", realm="shop"',
    )
  })

  test('minAcr is met by what is stronger, and one that does not exist is a mistake of the service', async () => {
    const SIGNED_IN = 'urn:vestibule:acr:signed-in'
    const { server } = createService(issuer)
    const statusWith = async (acr: string) => {
      const authorization = `Bearer ${await issuer.token({ acr })}`
      const rules = requireSignIn({ minAcr: SIGNED_IN })
      const admission = await server.admit(new Request('http://x/', { headers: { authorization } }), { rules })
      return admission.isAdmitted ? 200 : [admission.answer.status, admission.answer.headers['WWW-Authenticate']]
    }
    expect(await statusWith(SIGNED_IN)).toBe(200)
    expect(await statusWith('urn:vestibule:acr:second-factor')).toBe(200)
    expect(await statusWith('urn:vestibule:acr:recognised')).toEqual([
      401,
      `Bearer error="insufficient_user_authentication", acr_values="${SIGNED_IN}", realm="${issuer.issuer}"`,
    ])
    expect(() => requireSignIn({ minAcr: 'strong' as never })).toThrow(/minAcr is one of/)
    server.close()
  })
})

describe('challenges', () => {
  const BOTH = [requireScope('orders:read'), requireScope('orders:write', 'offline_access'), requireCustomer()]

  /** What the service answers to a request with these headers. */
  async function answerTo(headers: Record<string, string>, { needs = {}, ...options }: Asked = {}) {
    const { server } = createService(issuer, { resource: 'http://orders.test/api', ...options })
    const admission = await server.admit(new Request('http://orders.test/api', { headers }), needs)
    server.close()
    if (admission.isAdmitted) return { status: 200, challenge: '', body: '' }
    const { status, headers: answered, body } = admission.answer
    return { status, challenge: answered['WWW-Authenticate'] ?? '', body }
  }
  type Asked = Partial<ResourceServerOptions> & { readonly needs?: Needs }
  const bearer = async (claims: Record<string, unknown> = {}) => ({
    authorization: `Bearer ${await issuer.token(claims)}`,
  })

  test('name the issuer, the metadata and all scopes of the operation, and an error only if a token was there', async () => {
    const needs = { rules: BOTH }
    const common = `scope="orders:read orders:write", realm="${issuer.issuer}", resource_metadata="${METADATA}"`
    expect(await answerTo({}, { needs })).toMatchObject({ status: 401, challenge: `Bearer ${common}` })
    expect(await answerTo({ authorization: 'Bearer a.b.c' }, { needs })).toMatchObject({
      status: 401,
      challenge: `Bearer error="invalid_token", ${common}`,
    })
    expect(await answerTo(await bearer(), { needs })).toMatchObject({
      status: 403,
      challenge: `Bearer error="insufficient_scope", ${common}`,
    })
  })

  test('never ask for offline_access, nor does the metadata', async () => {
    const scopesSupported = ['orders:read', 'offline_access']
    const { server } = createService(issuer, { resource: 'http://orders.test/api', scopesSupported })
    expect(server.metadata?.document.scopes_supported).toEqual(['orders:read'])
    expect((await answerTo({}, { needs: { rules: BOTH } })).challenge).not.toContain('offline_access')
    server.close()
  })

  test('a token for another service is refused with 401', async () => {
    expect(await answerTo(await bearer({ aud: 'https://elsewhere.example' }))).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('error="invalid_token"'),
    })
  })

  test.each([
    ['the header UCP-Agent', { 'ucp-agent': 'profile="https://agent.example/profile"' }, {}],
    ['the style ucp', {}, { errors: 'ucp', continueUrl: 'https://shop.example/join' } as const],
  ])('a sign-in that is too old is 403 with the whole set of scopes by %s', async (_, headers, options) => {
    const needs = {
      rules: [...BOTH.slice(0, 1), requireSignIn({ minAcr: 'urn:vestibule:acr:second-factor', maxAgeSeconds: 60 })],
    }
    const refused = await answerTo({ ...(await bearer({ auth_time: 1 })), ...headers }, { needs, ...options })
    expect(refused).toMatchObject({
      status: 403,
      challenge: `Bearer error="insufficient_scope", acr_values="urn:vestibule:acr:second-factor", max_age="60", scope="orders:read", realm="${issuer.issuer}", resource_metadata="${METADATA}"`,
    })
    if ('errors' in options)
      expect(JSON.parse(refused.body)).toMatchObject({
        messages: [{ type: 'error', code: 'insufficient_scope', severity: 'requires_buyer_review' }],
        continue_url: 'https://shop.example/join',
      })
  })

  test.each([
    ['of the platform itself', 'profile="https://agent.example/profile"', 200],
    ['of another platform', 'profile="https://other.example/profile"', 401],
    ['of one that begins alike', 'profile="https://agent.example/profile2"', 401],
    ['that names none', 'other="x"', 200],
  ])('a token of a platform passes with the UCP-Agent %s as it should', async (_, agent, status) => {
    const token = await bearer({ ucp_profile: 'https://agent.example/profile' })
    expect((await answerTo({ ...token, 'ucp-agent': agent })).status).toBe(status)
  })
})

function parsed(body: string): unknown {
  return body === '' ? '' : JSON.parse(body)
}
