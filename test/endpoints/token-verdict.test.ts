import { randomUUID } from 'node:crypto'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { REFUSALS } from '../../src/oauth/tokens/refusals.ts'
import { runCli } from '../cli/run-cli.ts'
import { discover } from '../conformance/relying-party.ts'
import { implicitToken } from '../dialects/elastic-path/endpoints.ts'
import { document } from '../dialects/spryker/exchange.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, ordersService, read, refresh, revoke, thirdParty, tokensOf, userinfo } from './client.ts'

const HANDOVER = 'urn:vestibule:grant:handover'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const AGENT = 'urn:vestibule:grant:agent'
const IMPERSONATION = 'urn:vestibule:grant:impersonation'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const MAGENTO = 'urn:vestibule:dialect:magento'
const ELASTIC_PATH = 'urn:vestibule:dialect:elastic-path:customers'
const SPRYKER = 'urn:vestibule:dialect:spryker'
const COMMERCETOOLS = 'urn:vestibule:dialect:commercetools'
const SLAS = 'urn:vestibule:dialect:slas'
const SLAS_PATH = '/shopper/auth/v1/organizations/f_ecom_zzrf_001/oauth2'
const PASSWORD = 'a-long-enough-passphrase'

type Authorization = { readonly authorization: string }
/** What one client holds of one person's sign-in: a token of each form, and one for each dialect. */
type Held = {
  readonly clientId: string
  readonly client: Authorization
  readonly customerId: string
  readonly jwt: string
  readonly refreshToken: string
  readonly opaque: string
  readonly elasticPath: string
  readonly spryker: string
  readonly commercetools: string
  readonly slas: string
}

describeOn('postgres', 'the verdict on a token', () => {
  let server: TestServer
  let database: Database
  let storefront: string
  let expiring: Held

  beforeAll(async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
    server = await startTestServer(
      {
        DATABASE_URL,
        ADMIN_TOKEN,
        DIALECTS: 'spryker,magento,elastic-path,commercetools,slas',
        SUPPORT_ACCESS_PERMISSION: 'needed',
        LOG_LEVEL: 'debug',
      },
      { captureLog: true },
    )
    storefront = `Bearer ${await implicitToken(server.url)}`
    // Issued first and judged last: the clocks of nodes may differ by a few seconds, which nobody should wait for.
    expiring = await signIn({ access_token_ttl_seconds: 20 })
  })
  afterAll(async () => {
    await server?.stop()
    await database?.close()
  })

  async function register(metadata: object): Promise<{ clientId: string; client: Authorization }> {
    const clientId = `shop-${randomUUID()}`
    const grant_types = ['password', 'refresh_token', 'client_credentials', HANDOVER, EXCHANGE, AGENT, IMPERSONATION]
    const made = await askAdmin(server, 'POST', '/v1/clients', {
      metadata: { client_id: clientId, grant_types, first_party: true, refresh_retry_seconds: 0, ...metadata },
      secret: 'a-secret-of-the-shop',
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    return { clientId, client: basicAuth(clientId, 'a-secret-of-the-shop') }
  }

  /** A customer of a company, a client of their own, and what it holds of the sign-in. */
  async function signIn(metadata: object = {}, agent?: { readonly username: string }): Promise<Held> {
    const registered = await register(metadata)
    const { client } = registered
    const name = randomUUID()
    const made = await askAdmin<{ id: string }>(server, 'POST', '/v1/customers', {
      email: `${name}@example.com`,
      customerReference: name,
      emailVerified: true,
      allowsSupport: true,
      password: PASSWORD,
      companyUsers: [{ id: randomUUID(), company: { id: randomUUID(), name }, isDefault: true }],
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const scope = 'openid customer company'
    const agentToken =
      agent && (await tokensOf(server.url, { grant_type: AGENT, ...agent, scope: 'openid profile' }, client))
    const acting = { grant_type: IMPERSONATION, subject_token: agentToken?.access_token, customer_reference: name }
    const tokens = agentToken
      ? await tokensOf(server.url, { ...acting, scope }, client)
      : await tokensOf(server.url, { username: `${name}@example.com`, password: PASSWORD, scope }, client)
    const handOver = (resource: string) =>
      tokensOf(server.url, { grant_type: HANDOVER, subject_token: tokens.access_token, scope, resource }, client)
    const opaque = await handOver(MAGENTO)
    return {
      ...registered,
      customerId: made.body.id,
      jwt: tokens.access_token,
      refreshToken: tokens.refresh_token,
      opaque: opaque.access_token,
      elasticPath: (await handOver(ELASTIC_PATH)).access_token,
      spryker: (await handOver(SPRYKER)).access_token,
      commercetools: (await handOver(COMMERCETOOLS)).access_token,
      slas: (await handOver(SLAS)).access_token,
    }
  }

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const isActive = async (token: string, client: Authorization) =>
    (await read(postForm(`${server.url}/introspect`, { token }, client))).body.active === true
  /** True, or the reason why not. */
  async function inspect(token: string): Promise<true | string> {
    type Inspection = { readonly isLive: true } | { readonly isLive: false; readonly reason: string }
    const { body } = await askAdmin<Inspection>(server, 'POST', '/v1/tokens/inspect', { token })
    return body.isLive || body.reason
  }
  const isAnswered = async (answer: Promise<Response>, ...statuses: number[]) =>
    statuses.includes((await read(answer)).status)
  const handOver = (subject_token: string, client: Authorization) =>
    postForm(`${server.url}/token`, { grant_type: HANDOVER, subject_token }, client)
  const exchange = (subject_token: string, client: Authorization = ordersService) =>
    postForm(
      `${server.url}/token`,
      {
        grant_type: EXCHANGE,
        subject_token,
        subject_token_type: ACCESS_TOKEN,
        resource: 'urn:vestibule:warehouse',
      },
      client,
    )
  const withBearer = (path: string, token: string) => fetch(server.url + path, { headers: bearer(token) })
  const magentoCustomer = (token: string) => withBearer('/rest/V1/customers/me', token)
  const elasticPathCustomer = (token: string, id: string) =>
    fetch(`${server.url}/v2/customers/${id}`, {
      headers: { authorization: storefront, 'x-moltin-customer-token': token },
    })
  // Without a company user it says what is missing, once it knows who asks.
  const sprykerCompanyUser = (token: string) =>
    postJson(
      `${server.url}/company-user-access-tokens`,
      document('company-user-access-tokens', { idCompanyUser: '' }),
      bearer(token),
    )

  type Column = {
    /** The name of the asker in the metric. */
    readonly asker: string
    readonly shows: 'jwt' | 'opaque' | 'refresh'
    /** The client itself asks: one that is not served is refused before its token is looked at. */
    readonly isOwnClient?: true
    /** True where the token is taken; an inspection says why it is not. */
    readonly accepts: (held: Held) => Promise<boolean | string>
  }
  const ASKERS: Readonly<Record<string, Column>> = {
    'introspection of a JWT': {
      asker: 'introspection',
      shows: 'jwt',
      accepts: ({ jwt }) => isActive(jwt, ordersService),
    },
    'introspection of an opaque token': {
      asker: 'introspection',
      shows: 'opaque',
      accepts: ({ opaque }) => isActive(opaque, ordersService),
    },
    'introspection of a refresh token': {
      asker: 'introspection',
      shows: 'refresh',
      isOwnClient: true,
      accepts: ({ refreshToken, client }) => isActive(refreshToken, client),
    },
    userinfo: { asker: 'userinfo', shows: 'jwt', accepts: ({ jwt }) => isAnswered(userinfo(server.url, jwt), 200) },
    Magento: { asker: 'dialect', shows: 'opaque', accepts: ({ opaque }) => isAnswered(magentoCustomer(opaque), 200) },
    'Elastic Path': {
      asker: 'dialect',
      shows: 'jwt',
      accepts: ({ elasticPath, customerId }) => isAnswered(elasticPathCustomer(elasticPath, customerId), 200),
    },
    Spryker: {
      asker: 'dialect',
      shows: 'jwt',
      accepts: ({ spryker }) => isAnswered(sprykerCompanyUser(spryker), 422),
    },
    commercetools: {
      asker: 'dialect',
      shows: 'opaque',
      // A token that works and may not see the profile is told so, by 403.
      accepts: ({ commercetools }) => isAnswered(withBearer('/shop/me', commercetools), 200, 403),
    },
    Salesforce: {
      asker: 'dialect',
      shows: 'jwt',
      accepts: ({ slas }) => isAnswered(withBearer(`${SLAS_PATH}/userinfo`, slas), 200),
    },
    'the companies of a customer': {
      asker: 'dialect',
      shows: 'jwt',
      accepts: ({ jwt }) => isAnswered(withBearer('/company-users', jwt), 200),
    },
    'an endpoint for signals': {
      asker: 'signals',
      shows: 'jwt',
      // A person's token that works is told that it takes a client's own, by 403.
      accepts: ({ jwt }) => isAnswered(postJson(`${server.url}/global-token-revocation`, {}, bearer(jwt)), 403),
    },
    'the accesses of agents': {
      asker: 'dialect',
      shows: 'jwt',
      accepts: ({ jwt }) => isAnswered(withBearer('/support-access', jwt), 200),
    },
    'a subject token': {
      asker: 'subject-token',
      shows: 'jwt',
      isOwnClient: true,
      accepts: ({ jwt, client }) => isAnswered(handOver(jwt, client), 200),
    },
    'token exchange': { asker: 'token-exchange', shows: 'jwt', accepts: ({ jwt }) => isAnswered(exchange(jwt), 200) },
    'inspection of a JWT': {
      asker: 'inspection',
      shows: 'jwt',
      accepts: ({ jwt }) => inspect(jwt),
    },
    'inspection of an opaque token': {
      asker: 'inspection',
      shows: 'opaque',
      accepts: ({ opaque }) => inspect(opaque),
    },
    'inspection of a refresh token': {
      asker: 'inspection',
      shows: 'refresh',
      accepts: ({ refreshToken }) => inspect(refreshToken),
    },
    // Last: it puts another token in the place of the one it takes.
    'the refresh grant': {
      asker: 'refresh',
      shows: 'refresh',
      isOwnClient: true,
      accepts: ({ refreshToken, client }) => isAnswered(refresh(server.url, refreshToken, {}, client), 200),
    },
  }

  /** Refusals counted so far, by asker and reason. */
  async function refusals(): Promise<Map<string, number>> {
    const page = await (await fetch(`${server.adminUrl}/metrics`)).text()
    const lines = page.matchAll(/^vestibule_token_refusals_total\{asker="([^"]+)",reason="([^"]+)"\} (\d+)/gm)
    return new Map([...lines].map(([, asker, reason, count]) => [`${asker}: ${reason}`, Number(count)]))
  }

  /** What `act` answers, and which refusals were counted meanwhile. */
  async function refused<T>(act: () => Promise<T>): Promise<{ answer: T; counted: string[] }> {
    const before = await refusals()
    const answer = await act()
    const after = await refusals()
    const counted = [...after].filter(([name, count]) => count !== (before.get(name) ?? 0)).map(([name]) => name)
    return { answer, counted }
  }

  type Row = {
    readonly reason: string
    readonly hold?: () => Promise<Held>
    /** Makes the tokens so, once they are issued. */
    readonly bring: (held: Held) => Promise<unknown>
    /** Forms that can come to this at all. */
    readonly forms?: readonly Column['shows'][]
    readonly isClientRefused?: true
  }
  const change = (table: string, where: object, to: object) => database.knex(table).where(where).update(to)
  const tampered = (token: string) => `${token.slice(0, -8)}AAAAAAAA`
  const removeClient = ({ clientId }: Held) =>
    fetch(`${server.adminUrl}/v1/clients/${clientId}`, {
      method: 'DELETE',
      headers: { ...bearer(ADMIN_TOKEN), 'if-match': '*' },
    })
  const signOut = (of: string, id: string) => askAdmin(server, 'POST', '/v1/sign-outs', { of, id })

  /** An agent who acts for the customer, and what happens to that agent. */
  function actedForBy(
    befalls: (agentId: string, customerId: string) => Promise<unknown>,
  ): Pick<Row, 'hold' | 'bring' | 'forms'> {
    let agentId = ''
    return {
      forms: ['jwt', 'opaque'],
      async hold() {
        const agent = { username: `${randomUUID()}@example.com`, password: PASSWORD }
        const body = { email: agent.username, password: PASSWORD }
        const made = await askAdmin<{ id: string }>(server, 'POST', '/v1/agents', body)
        expect(made.status, JSON.stringify(made.body)).toBe(201)
        agentId = made.body.id
        return signIn({}, agent)
      },
      bring: ({ customerId }) => befalls(agentId, customerId),
    }
  }

  /** Refusals of a token that works somewhere else: below, asker by asker. */
  const ELSEWHERE = ['wrong-kind', 'wrong-audience', 'key-not-proved', 'caller-not-entitled']
  const ROWS: readonly Row[] = [
    { reason: 'rotated', bring: (held) => refresh(server.url, held.refreshToken, {}, held.client), forms: ['refresh'] },
    {
      reason: 'grant-revoked',
      bring: ({ clientId }) =>
        database.knex('artifacts').where({ kind: 'Grant' }).whereRaw("artifact->>'clientId' = ?", [clientId]).delete(),
    },
    {
      reason: 'denied',
      async bring({ jwt, elasticPath, spryker, slas, client }) {
        for (const token of [jwt, elasticPath, spryker, slas]) await revoke(server.url, token, {}, client)
      },
      forms: ['jwt'],
    },
    { reason: 'signed-out', bring: ({ customerId }) => signOut('customer', customerId) },
    {
      reason: 'client-disabled',
      bring: ({ clientId }) => askAdmin(server, 'POST', `/v1/clients/${clientId}/disable`, {}),
      isClientRefused: true,
    },
    { reason: 'client-gone', bring: removeClient, isClientRefused: true },
    { reason: 'account-gone', bring: ({ customerId: id }) => change('customers', { id }, { status: 'anonymised' }) },
    { reason: 'account-blocked', bring: ({ customerId: id }) => change('customers', { id }, { status: 'blocked' }) },
    {
      reason: 'company-user-inactive',
      bring: ({ customerId }) => change('company_users', { customer_id: customerId }, { is_active: false }),
    },
    { reason: 'agent-gone', ...actedForBy((id) => change('agents', { id }, { status: 'blocked' })) },
    { reason: 'agent-signed-out', ...actedForBy((id) => signOut('customer', `agent:${id}`)) },
    {
      reason: 'support-not-allowed',
      ...actedForBy((_, id) => change('customers', { id }, { allows_support: false })),
    },
    {
      reason: 'expired',
      hold: async () => expiring,
      async bring({ clientId, jwt, spryker, slas }) {
        const exp = "artifact = jsonb_set(artifact::jsonb, '{exp}', '1')::json"
        await database.knex.raw(
          `update artifacts set ${exp} where kind = 'RefreshToken' and artifact->>'clientId' = ?`,
          [clientId],
        )
        const overAt = Math.max(...[jwt, spryker, slas].map((token) => Number(decode(token).payload.exp))) + 15
        await waitFor(() => Date.now() / 1000 > overAt, { deadlineMs: 60_000, what: 'the end of a JWT' })
      },
      forms: ['jwt', 'refresh'],
    },
  ]

  test('every reason why a token does not work is asked about', () => {
    const asked = [...ROWS.map(({ reason }) => reason), 'unknown', ...ELSEWHERE]
    expect(asked.sort()).toEqual(Object.keys(REFUSALS).sort())
  })

  test('every asker takes a token that works', async () => {
    const held = await signIn()
    for (const [name, { accepts }] of Object.entries(ASKERS)) {
      const { answer, counted } = await refused(() => accepts(held))
      expect([name, answer, counted]).toEqual([name, true, []])
    }
  })

  describe.each(ROWS)('no asker takes one that is $reason', ({ reason, bring, isClientRefused, ...row }) => {
    const forms = row.forms ?? ['jwt', 'opaque', 'refresh']
    const columns = Object.entries(ASKERS).filter(([, { shows }]) => forms.includes(shows))
    let held: Held
    beforeAll(async () => {
      held = await (row.hold ?? signIn)()
      await bring(held)
    })

    test.each(columns)('%s', async (_name, { asker, accepts, isOwnClient }) => {
      const { answer, counted } = await refused(() => accepts(held))
      expect({ answer, counted }).toEqual({
        answer: asker === 'inspection' ? reason : false,
        counted: isClientRefused && isOwnClient ? [] : [`${asker}: ${reason}`],
      })
    })
  })

  test('no asker takes one that is unknown', async () => {
    const held = await signIn()
    const never = {
      ...held,
      jwt: tampered(held.jwt),
      elasticPath: tampered(held.elasticPath),
      spryker: tampered(held.spryker),
      commercetools: 'b'.repeat(held.commercetools.length),
      slas: tampered(held.slas),
      opaque: 'a'.repeat(32),
      refreshToken: tampered(held.refreshToken),
    }
    for (const [name, { asker, accepts }] of Object.entries(ASKERS)) {
      const { answer, counted } = await refused(() => accepts(never))
      const expected = asker === 'inspection' ? 'unknown' : false
      expect([name, answer, counted]).toEqual([name, expected, [`${asker}: unknown`]])
    }
  })

  describe('a token that works elsewhere is refused', () => {
    let held: Held
    let bound: string
    let own: string
    let other: Authorization
    beforeAll(async () => {
      held = await signIn()
      other = (await register({})).client
      own = (await tokensOf(server.url, { grant_type: 'client_credentials' }, held.client)).access_token
      const config = await discover(server.url, held.clientId, 'a-secret-of-the-shop')
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
      const form = { username: 'sonia@spryker.com', password: 'change123', scope: 'openid customer' }
      bound = (await openid.genericGrantRequest(config, 'password', form, { DPoP })).access_token
    })
    const traded = async () => (await read(exchange(held.jwt))).body.access_token as string

    const CELLS: readonly [string, () => Promise<boolean>, string][] = [
      [
        'a refresh token at a dialect',
        () => isAnswered(magentoCustomer(held.refreshToken), 200),
        'dialect: wrong-kind',
      ],
      [
        'a refresh token at userinfo',
        () => isAnswered(userinfo(server.url, held.refreshToken), 200),
        'userinfo: wrong-kind',
      ],
      ['a client’s own token at userinfo', () => isAnswered(userinfo(server.url, own), 200), 'userinfo: wrong-kind'],
      [
        'a client’s own token as a subject',
        () => isAnswered(handOver(own, held.client), 200),
        'subject-token: wrong-kind',
      ],
      [
        'an access token at refresh',
        () => isAnswered(refresh(server.url, held.jwt, {}, held.client), 200),
        'refresh: wrong-kind',
      ],
      [
        'another service’s token at Magento',
        () => isAnswered(magentoCustomer(held.jwt), 200),
        'dialect: wrong-audience',
      ],
      [
        'another service’s token at Spryker',
        () => isAnswered(sprykerCompanyUser(held.jwt), 422),
        'dialect: wrong-audience',
      ],
      [
        'another service’s token at Elastic Path',
        () => isAnswered(elasticPathCustomer(held.jwt, held.customerId), 200),
        'dialect: wrong-audience',
      ],
      [
        'a bound token as a bearer at a dialect',
        () => isAnswered(magentoCustomer(bound), 200),
        'dialect: key-not-proved',
      ],
      [
        'a bound token as a subject',
        () => isAnswered(handOver(bound, held.client), 200),
        'subject-token: key-not-proved',
      ],
      ['a bound token in an exchange', () => isAnswered(exchange(bound), 200), 'token-exchange: key-not-proved'],
      [
        'another client’s token at introspection',
        () => isActive(held.jwt, thirdParty),
        'introspection: caller-not-entitled',
      ],
      [
        'another client’s token as a subject',
        () => isAnswered(handOver(held.jwt, other), 200),
        'subject-token: caller-not-entitled',
      ],
      [
        'another client’s token in an exchange',
        () => isAnswered(exchange(held.jwt, other), 200),
        'token-exchange: caller-not-entitled',
      ],
      [
        'another client’s token at refresh',
        () => isAnswered(refresh(server.url, held.refreshToken, {}, other), 200),
        'refresh: caller-not-entitled',
      ],
      [
        'a traded token at userinfo',
        async () => isAnswered(userinfo(server.url, await traded()), 200),
        'userinfo: caller-not-entitled',
      ],
    ]
    test('for each of these reasons', () => {
      const reasons = CELLS.map(([, , counted]) => counted.split(': ')[1])
      expect([...new Set(reasons)].sort()).toEqual([...ELSEWHERE].sort())
    })

    test.each(CELLS)('%s', async (_what, accepts, counted) => {
      expect(await refused(accepts)).toEqual({ answer: false, counted: [counted] })
    })

    test('and its client may still use it', async () => {
      expect(await isActive(held.refreshToken, held.client)).toBe(true)
    })
  })

  test('enabling a client again does not bring its old tokens back, and lets it ask for new ones', async () => {
    const held = await signIn()
    const all = async () => Promise.all(Object.values(ASKERS).map(({ accepts }) => accepts(held)))
    await askAdmin(server, 'POST', `/v1/clients/${held.clientId}/disable`, {})
    expect(await all()).not.toContain(true)
    await askAdmin(server, 'POST', `/v1/clients/${held.clientId}/enable`, {})
    expect(await all()).not.toContain(true)
    // A client's own token says its second alone, and those of the second of an ending have ended.
    const next = Math.floor(Date.now() / 1000) + 1
    await waitFor(() => Date.now() / 1000 >= next, { what: 'the next second' })
    const anew = await tokensOf(server.url, { grant_type: 'client_credentials' }, held.client)
    expect(await inspect(anew.access_token)).toBe(true)
  })

  test('the command says in words why a token does not work, and names the reason', async () => {
    const held = await signIn()
    await askAdmin(server, 'POST', `/v1/clients/${held.clientId}/disable`, {})
    const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN }
    expect(await runCli(['tokens', 'inspect'], environment, held.opaque)).toMatchObject({
      code: 1,
      // The record of the token follows.
      stdout: expect.stringMatching(/^does not work: its client is disabled \(client-disabled\)\n/),
    })
  })

  test('the log names reason, asker and client, and never the token', async () => {
    const held = await signIn()
    await askAdmin(server, 'POST', `/v1/clients/${held.clientId}/disable`, {})
    await isActive(held.jwt, ordersService)
    const lines = server.logLines.filter((line) => line.includes(held.clientId) && line.includes('token.refused'))
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'debug',
        event: 'token.refused',
        asker: 'introspection',
        reason: 'client-disabled',
        clientId: held.clientId,
      }),
    ])
    expect(lines.join()).not.toContain(held.jwt.split('.')[2])
  })
})
