import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { obtainCode } from '../dialects/sap-commerce/code-flow.ts'
import {
  AGENT,
  BASE,
  CALLBACK,
  NARROW,
  PUBLIC,
  REVOKE,
  refresh,
  requestToken,
  STOREFRONT,
  signedUser,
  signIn,
  startSapShop,
} from '../dialects/sap-commerce/shop.ts'
import { introspect, read, ron, sonia, tokensOf } from '../endpoints/client.ts'
import { postForm } from '../support/http.ts'
import type { TestServer } from '../support/server.ts'

const GRANT = 'urn:vestibule:grant:signed-user'

let server: TestServer
beforeAll(async () => {
  server = await startSapShop()
})
afterAll(() => server?.stop())

const isActive = async (token: string) => (await introspect(server.url, token)).active
const revoke = (fields: Record<string, string>, bearer?: string) =>
  read(postForm(server.url + REVOKE, fields, bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }))

describe('a bearer that is proof enough to revoke', () => {
  test('ends no token of another customer, of an agent or of a client, and does not tell whether there is one', async () => {
    const stranger = await signIn(server.url, sonia)
    const agent = await signIn(server.url, AGENT)
    const { body: machine } = await requestToken(server.url, { grant_type: 'client_credentials', ...STOREFRONT })
    const victim = await signIn(server.url, ron)
    for (const bearer of [stranger, agent, machine] as { access_token: string }[]) {
      for (const token of [victim.access_token, victim.refresh_token]) {
        const answer = await revoke({ token }, bearer.access_token)
        expect([answer.status, answer.text]).toEqual([200, ''])
      }
    }
    for (const token of [agent.access_token, String(machine.access_token)]) await revoke({ token }, victim.access_token)
    for (const { access_token } of [victim, agent, machine] as { access_token: string }[]) {
      expect(await isActive(access_token)).toBe(true)
    }
    expect((await refresh(server.url, victim.refresh_token)).status).toBe(200)
  })

  test('is no token that was made for another service, and no refresh token', async () => {
    const elsewhere = await tokensOf(server.url, ron)
    const victim = await signIn(server.url, ron)
    for (const bearer of [elsewhere.access_token, victim.refresh_token]) {
      expect((await revoke({ token: victim.access_token }, bearer)).status).toBe(401)
    }
    expect(await isActive(victim.access_token)).toBe(true)
  })

  test('without one, a client ends its own tokens alone, and only with its secret', async () => {
    const victim = await signIn(server.url, ron)
    for (const client of [NARROW, PUBLIC]) await revoke({ token: victim.access_token, ...client })
    const wrong = await revoke({ token: victim.access_token, ...STOREFRONT, client_secret: 'wrong' })
    expect([
      wrong.status,
      (await revoke({ token: victim.access_token, client_id: STOREFRONT.client_id })).status,
    ]).toEqual([401, 401])
    expect(await isActive(victim.access_token)).toBe(true)
  })
})

describe('a refresh token', () => {
  test('that is used again after its successor was ends the whole sign-in', async () => {
    const first = await signIn(server.url, ron)
    const second = await refresh(server.url, first.refresh_token)
    const third = await refresh(server.url, second.body.refresh_token)
    expect([third.status, (await refresh(server.url, first.refresh_token)).status]).toEqual([200, 400])
    expect((await refresh(server.url, third.body.refresh_token)).status).toBe(400)
    expect(await isActive(third.body.access_token)).toBe(false)
  })

  test('of one client is of no use to another, and stays what it is', async () => {
    const { refresh_token } = await signIn(server.url, ron)
    for (const client of [PUBLIC, { client_id: 'frontend' }, NARROW]) {
      const { status, text } = await refresh(server.url, refresh_token, client)
      expect([[400, 401].includes(status), text.includes(refresh_token)]).toEqual([true, false])
    }
    expect((await refresh(server.url, refresh_token)).status).toBe(200)
  })
})

describe('a signed user', () => {
  const ask = (fields: Record<string, string>) => requestToken(server.url, { ...fields, ...STOREFRONT })

  test('works once, of many at once too, and at no other endpoint again', async () => {
    const signed = signedUser('DE--21')
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(signed)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400])
    const [uid = '', signature = '', signed_at = ''] = [signed.UID, signed.UIDSignature, signed.signatureTimestamp].map(
      decodeURIComponent,
    )
    const direct = { grant_type: GRANT, uid, signature, signed_at, ...STOREFRONT }
    expect((await read(postForm(`${server.url}/token`, direct))).status).toBe(400)
    // The same signature, written in another way.
    expect((await ask({ ...signed, UIDSignature: `${signature.replace(/=+$/, '')}` })).status).toBe(400)
    expect((await ask({ ...signed, signatureTimestamp: `0${signed_at}` })).status).toBe(400)
  })

  test('is refused when the signature is old, of the future, of another key, or of another person', async () => {
    const now = Math.floor(Date.now() / 1000)
    const forged = createHmac('sha1', 'a secret of the site in customer data cloud').update(`${now}_DE--21`)
    for (const fields of [
      signedUser('DE--21', now - 300),
      signedUser('DE--21', now + 300),
      { ...signedUser('DE--21', now), UID: 'DE--23' },
      { ...signedUser('DE--21', now), UIDSignature: forged.digest('hex') },
      { ...signedUser('DE--21', now), UIDSignature: '' },
      { ...signedUser('DE--21', now), signatureTimestamp: '1e9' },
      signedUser('nobody', now),
      signedUser('__proto__', now),
    ]) {
      const { status, body } = await ask(fields)
      expect([status, body]).toEqual([400, { error: 'invalid_grant', error_description: 'Bad credentials' }])
    }
  })
})

describe('the scope of agents', () => {
  test('is given to no customer and no client, at any endpoint', async () => {
    const { code, verifier } = await obtainCode(server.url, { scope: 'openid basic agent' })
    const exchanged = await requestToken(server.url, {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: CALLBACK,
      ...PUBLIC,
    })
    const resource = 'urn:vestibule:dialect:sap-commerce'
    const direct = await read(
      postForm(`${server.url}/token`, {
        grant_type: 'client_credentials',
        resource,
        scope: 'basic agent',
        ...STOREFRONT,
      }),
    )
    const asked = await requestToken(server.url, { grant_type: 'client_credentials', scope: 'agent', ...STOREFRONT })
    expect(asked.status).toBe(400)
    for (const { body } of [exchanged, direct]) {
      const { active, scope = '' } = await introspect(server.url, body.access_token)
      expect([active, String(scope).split(' ').includes('agent')]).toEqual([true, false])
    }
  })

  test('is not got with an agent’s password at an address of a customer, nor with a customer’s by a name', async () => {
    for (const username of [
      `${AGENT.username}@example.com`,
      'ron',
      'ron@swanson',
      'x@agent',
      'LGN[YWdlbnQ]',
      'LGN[AAD_]',
      'LGN[]',
      '\0',
    ]) {
      const answer = await requestToken(server.url, { grant_type: 'password', ...STOREFRONT, ...AGENT, username })
      expect([username, answer.status, answer.body.error_description]).toEqual([username, 400, 'Bad credentials'])
    }
  })
})

test('a person is sent on to our own authorization endpoint alone, for this service alone, whatever the request says', async () => {
  for (const query of [
    'resource=urn:vestibule:commerce&resource=x&client_id=mobile_android_public',
    'redirect_uri=https://evil.example&client_id=x',
    '@evil.example',
    '//evil.example/%0d%0aSet-Cookie:a=b',
  ]) {
    const answer = await fetch(`${server.url}${BASE}/oauth/authorize?${query}`, { redirect: 'manual' })
    const target = new URL(answer.headers.get('location') ?? '')
    expect([answer.status, target.origin, target.pathname]).toEqual([302, server.url, '/authorize'])
    expect(target.searchParams.getAll('resource')).toEqual(['urn:vestibule:dialect:sap-commerce'])
    expect(answer.headers.has('set-cookie')).toBe(false)
  }
})
