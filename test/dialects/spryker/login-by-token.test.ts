import { createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../cli/run-command.ts'
import { authorizationUrl, CALLBACK, obtainCode, pkce, read, redeem, submit, userinfo } from '../../endpoints/client.ts'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { basicAuth, postJson } from '../../support/http.ts'
import { temporaryDirectory } from '../../support/run-directory.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { bearer, obtain } from './exchange.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` }
const FIRST = 'aaaaaaaa-0000-4000-8000-00000000aa01'
const SECOND = 'aaaaaaaa-0000-4000-8000-00000000aa02'
const INACTIVE = 'aaaaaaaa-0000-4000-8000-00000000aa03'
const shopKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 })

let server: TestServer
beforeAll(async () => {
  const file = join(temporaryDirectory('login-keys'), 'shop.pem')
  writeFileSync(file, pemOf(shopKey.publicKey))
  server = await startTestServer({ ADMIN_TOKEN, SPRYKER_LOGIN_KEYS: `own,${file}` })
  const company = (number: number) => ({
    id: `bbbbbbbb-0000-4000-8000-00000000bb0${number}`,
    name: `Company ${number}`,
  })
  const record = {
    customerReference: 'DE--901',
    idCustomer: 901,
    email: 'buyer@two.example',
    emailVerified: true,
    companyUsers: [
      { id: FIRST, idCompanyUser: 11, company: company(1), isDefault: true },
      { id: SECOND, idCompanyUser: 12, company: company(2) },
      { id: INACTIVE, idCompanyUser: 13, company: company(3), isActive: false },
    ],
  }
  const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: ADMIN,
    body: JSON.stringify(record),
  })
  expect(await answer.text()).toContain('"created":1')
})
afterAll(() => server?.stop())

const pemOf = (key: KeyObject) => String(key.export({ type: 'spki', format: 'pem' }))
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

/** A token as the shop's `createCompanyUserAccessToken` makes it. */
function shopToken(
  change: Record<string, unknown> = {},
  { who = {}, key = shopKey.privateKey, header = {} }: { who?: object; key?: KeyObject; header?: object } = {},
): string {
  const sub = { customer_reference: null, id_customer: 901, id_company_user: '12', permissions: null, ...who }
  const times = { iat: now() - 1 + 0.25, nbf: now() - 1 + 0.25, exp: now() + 28_000.5 }
  const payload = { aud: 'frontend', jti: randomUUID(), ...times, sub: JSON.stringify(sub), scopes: [], ...change }
  const signed = `${encode({ typ: 'JWT', alg: 'RS256', ...header })}.${encode(payload)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`
}

type Jar = ReturnType<typeof createCookieJar>
const follow = (token: string, jar: Jar = createCookieJar()) => jar.fetch(`${server.url}/access-token/${token}`)

/** As whom a browser that is signed in gets tokens, at the shop's own client or at one that asks for consent. */
async function companyUserAt(jar: Jar, clientId: 'frontend' | 'third-party-app' = 'frontend'): Promise<unknown> {
  const { verifier, challenge } = pkce()
  const asked = {
    client_id: clientId,
    scope: 'openid company',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  let page = await jar.follow(await jar.fetch(authorizationUrl(server.url, asked)), { stopAt: CALLBACK })
  if (clientId !== 'frontend') page = await submit(jar, page, { decision: 'allow' })
  const code = new URL(page.url).searchParams.get('code') ?? `no code at ${page.url}`
  const headers = clientId === 'frontend' ? {} : basicAuth(clientId, `${clientId}-secret`)
  const tokens = await read(redeem(server.url, code, verifier, {}, headers))
  expect(tokens.status, tokens.text).toBe(200)
  const claims = await userinfo(server.url, tokens.body.access_token as string)
  return ((await claims.json()) as Record<string, unknown>).id_company_user
}

async function refusals(): Promise<string[]> {
  const answer = await fetch(`${server.adminUrl}/v1/audit?type=login.refused&limit=200`, { headers: ADMIN })
  const { items } = (await answer.json()) as { items: { reason: string }[] }
  return items.map(({ reason }) => reason)
}

const mint = async (body: object) => {
  const answer = await postJson(`${server.adminUrl}/v1/sign-in-links`, { customerReference: 'DE--901', ...body }, ADMIN)
  return { status: answer.status, body: (await answer.json()) as { token: string; code?: string } }
}

describe('a link of ours', () => {
  test.each([
    ['the default', {}, FIRST],
    ['the one it names', { companyUserId: SECOND }, SECOND],
  ])('signs in as %s, on a page that exists, and tokens act as that company user', async (_, body, companyUser) => {
    const jar = createCookieJar()
    const landed = (await jar.follow(await follow((await mint(body)).body.token, jar))).response
    expect(landed.status).toBe(200)
    expect(new URL(landed.url).pathname).toBe('/account')
    expect(await companyUserAt(jar)).toBe(companyUser)
  })

  test('is made by the command line, with the company user that it names', async () => {
    const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN }
    const made = await runCommand(['customers', 'sign-in-link', 'DE--901', '--company-user', SECOND], environment)
    expect(made.code, made.stderr).toBe(0)
    const jar = createCookieJar()
    await jar.fetch(made.stdout.trim())
    expect(await companyUserAt(jar)).toBe(SECOND)
  })

  test.each([
    ['another customer’s', 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac', 404],
    ['an inactive', INACTIVE, 404],
    ['no', 'nothing', 400],
  ])('is not made for %s company user', async (_, companyUserId, status) => {
    expect((await mint({ companyUserId })).status).toBe(status)
  })

  test('decides at a client that asks for consent, too, and no longer after another sign-in in that browser', async () => {
    const jar = createCookieJar()
    await follow((await mint({ companyUserId: SECOND })).body.token, jar)
    expect(await companyUserAt(jar, 'third-party-app')).toBe(SECOND)
    await obtainCode(server.url, { prompt: 'login' }, { jar })
    expect(await companyUserAt(jar)).not.toBe(SECOND)
  })
})

async function setActive(companyUser: string, isActive: boolean): Promise<void> {
  const found = await fetch(`${server.adminUrl}/v1/customers/DE--901`, { headers: ADMIN })
  const customer = (await found.json()) as { companyUsers: { id: string }[] }
  const companyUsers = customer.companyUsers.map((each) => (each.id === companyUser ? { ...each, isActive } : each))
  const changed = await fetch(`${server.adminUrl}/v1/customers/DE--901/company-users`, {
    method: 'PUT',
    headers: { ...ADMIN, 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({ companyUsers }),
  })
  expect(changed.status, await changed.text()).toBe(200)
}
const block = (companyUser: string) => setActive(companyUser, false)
const unblock = (companyUser: string) => setActive(companyUser, true)

describe('a token of the shop', () => {
  test.each([
    ['the number', '12', SECOND],
    ['the number of the default', '11', FIRST],
    ['the id', SECOND, SECOND],
  ])('signs in as the company user of %s', async (_, idCompanyUser, companyUser) => {
    const jar = createCookieJar()
    const landed = await follow(shopToken({}, { who: { id_company_user: idCompanyUser } }), jar)
    expect(landed.status).toBe(302)
    expect(await companyUserAt(jar)).toBe(companyUser)
  })

  test('works once, however many follow it at once', async () => {
    const token = shopToken()
    const answers = await Promise.all(Array.from({ length: 10 }, () => follow(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([302, ...Array.from({ length: 9 }, () => 403)])
    await waitFor(async () => (await refusals()).includes('login token of the shop: used before'))
  })

  const REFUSED: readonly (readonly [string, () => string | Promise<string>, string])[] = [
    [
      'signed with a foreign key',
      () => shopToken({}, { key: foreignKey.privateKey }),
      'signed with a key that is not trusted for it',
    ],
    ['for another audience', () => shopToken({ aud: 'other' }), 'for another audience'],
    ['that expired', () => shopToken({ iat: now() - 30_000, exp: now() - 3600 }), 'expired'],
    ['that lives for days', () => shopToken({ exp: now() + 90_000 }), 'it lives too long'],
    ['from the future', () => shopToken({ iat: now() + 600, exp: now() + 6000 }), 'from the future'],
    ['with scopes', () => shopToken({ scopes: ['customer'] }), 'not a login token of the shop'],
    ['with an issuer', () => shopToken({ iss: server.url }), 'not a login token of the shop'],
    ['without an expiry', () => shopToken({ exp: undefined }), 'not a login token of the shop'],
    ['without an id', () => shopToken({ jti: undefined }), 'not a login token of the shop'],
    ['whose sub is no JSON', () => shopToken({ sub: 'DE--901' }), 'not a login token of the shop'],
    [
      'without a company user',
      () => shopToken({}, { who: { id_company_user: null } }),
      'not a login token of the shop',
    ],
    ['of an unknown customer', () => shopToken({}, { who: { id_customer: 999_999 } }), 'an unknown customer'],
    ...[2 ** 31, Number.MAX_SAFE_INTEGER].map(
      (number) =>
        [
          `of a customer whose number no row can hold (${number})`,
          () => shopToken({}, { who: { id_customer: number } }),
          'not a login token of the shop',
        ] as const,
    ),
    ['of two customers', () => shopToken({}, { who: { customer_reference: 'DE--21' } }), 'an unknown customer'],
    [
      'of another’s company user',
      () => shopToken({}, { who: { id_company_user: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac' } }),
      'a company user who may not act',
    ],
    [
      'of an inactive company user',
      () => shopToken({}, { who: { id_company_user: '13' } }),
      'a company user who may not act',
    ],
    [
      'without a signature',
      () =>
        `${shopToken({}, { header: { alg: 'none' } })
          .split('.')
          .slice(0, 2)
          .join('.')}.`,
      'not a login token of the shop',
    ],
    ['by another algorithm', () => shopToken({}, { header: { alg: 'HS256' } }), 'not a login token of the shop'],
    ['that is an access token of ours', async () => await accessToken(), 'not a login token of the shop'],
  ]

  test.each(REFUSED)('%s is refused, and the trail says why', async (_, make, reason) => {
    const before = (await refusals()).length
    const answer = await follow(await make())
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
    expect(await answer.text()).toContain('Invalid access token.')
    await waitFor(async () => (await refusals()).length > before)
    expect((await refusals())[0]).toBe(`login token of the shop: ${reason}`)
  })

  test('is none without SPRYKER_LOGIN_KEYS', async () => {
    const other = await startTestServer({ ADMIN_TOKEN })
    const answer = await fetch(`${other.url}/access-token/${shopToken()}`, { redirect: 'manual' })
    expect(answer.status).toBe(403)
    await other.stop()
  })

  test.each([
    ['no key', 'no key'],
    ['a short key', pemOf(shopKey.publicKey) + pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
  ])('a file with %s is refused at start', async (_, content) => {
    const file = join(temporaryDirectory('login-keys'), 'unusable.pem')
    writeFileSync(file, content)
    await expect(startTestServer({ SPRYKER_LOGIN_KEYS: file })).rejects.toThrow(/SPRYKER_LOGIN_KEYS/)
  })
})

/** Last, since what they end stays ended. */
describe('afterwards', () => {
  test('a token of the shop of before a sign-out everywhere is refused', async () => {
    const token = shopToken()
    const found = await fetch(`${server.adminUrl}/v1/customers/DE--901`, { headers: ADMIN })
    const { id } = (await found.json()) as { id: string }
    await postJson(`${server.adminUrl}/v1/sign-outs`, { of: 'customer', id }, ADMIN)
    expect((await follow(token)).status).toBe(403)
  })

  test('a link of ours is refused once its company user may not act any more', async () => {
    const { body } = await mint({ companyUserId: SECOND })
    await block(SECOND)
    expect((await follow(body.token)).status).toBe(403)
    await unblock(SECOND)
    await waitFor(async () => (await refusals()).includes('sign-in link: a company user who may not act'))
  })
})

/** Of a company user, by the key of this server, for the audience that login tokens have. */
async function accessToken(): Promise<string> {
  const sonia = await obtain(server.url, 'access-tokens', { username: 'sonia@spryker.com', password: 'change123' })
  const chosen = await obtain(
    server.url,
    'company-user-access-tokens',
    { idCompanyUser: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac' },
    bearer(sonia.accessToken),
  )
  return chosen.accessToken
}
