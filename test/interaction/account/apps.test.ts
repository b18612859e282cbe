import { afterAll, beforeAll, expect, test } from 'vitest'
import { CALLBACK, introspect, pkce, read, thirdParty } from '../../endpoints/client.ts'
import { postForm } from '../../support/http.ts'
import {
  type HostedShop,
  isSignedIn,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../hosted-shop.ts'
import { pathOf, signedIn } from './account-visitor.ts'

const APP = { client_id: 'third-party-app', scope: 'openid offline_access customer', prompt: 'consent' }

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

/** An app of others that a customer has just allowed something, with its tokens. */
async function allowed(visitor: Visitor, { email, password }: TestCustomer) {
  const { verifier, challenge } = pkce()
  const opened = await visitor.openLogin({ ...APP, code_challenge: challenge })
  const asked = opened.html.includes('/login"')
    ? await visitor.submit(opened, '/login', { login: email, password })
    : opened
  const { url } = await visitor.submit(asked, '/consent', { decision: 'allow' })
  const code = new URL(url).searchParams.get('code') ?? ''
  const fields = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK }
  const { body } = await read(postForm(`${shop.server.url}/token`, fields, thirdParty))
  return body as { access_token: string; refresh_token: string }
}

const asksForConsent = ({ html }: Page) => html.includes('name="decision" value="allow"')

test('an app is listed with what it may do; withdrawn, its tokens end and it has to ask again', async () => {
  const { customer, visitor } = await signedIn(shop)
  const tokens = await allowed(visitor, customer)
  const again = await visitor.openLogin({ client_id: APP.client_id, scope: APP.scope })
  expect([isSignedIn(again), asksForConsent(again)], 'what was allowed is not asked again').toEqual([true, false])

  const page = await visitor.open('/account/apps')
  expect(page.html).toContain('third-party-app')
  const done = await visitor.submit(page, '/withdraw', { client: APP.client_id })
  expect(pathOf(done)).toBe('/account/apps?done=app')
  expect(done.html).not.toContain('name="client" value="third-party-app"')
  expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
  const { refresh_token } = tokens
  const refreshed = await read(
    postForm(`${shop.server.url}/token`, { grant_type: 'refresh_token', refresh_token }, thirdParty),
  )
  expect(refreshed.body).toMatchObject({ error: 'invalid_grant' })
  expect(asksForConsent(await visitor.openLogin({ client_id: APP.client_id, scope: APP.scope }))).toBe(true)
  expect((await visitor.submit(page, '/withdraw', { client: APP.client_id })).status).toBe(404)
})
