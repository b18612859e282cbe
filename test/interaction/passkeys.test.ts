import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, pkce, redeem } from '../endpoints/client.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { type HostedShop, isSignedIn, startHostedShop } from './hosted-shop.ts'
import {
  type CreationOptions,
  customerWithPasskey,
  openOffer,
  optionsOf,
  type RequestOptions,
  signInWith,
} from './passkey-visitor.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ PASSKEY_ORIGINS: 'https://shop.example' })
})
afterAll(() => shop?.stop())

const trailOf = async (customerId: string) => {
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${customerId}`)
  return body.items as { readonly type: string; readonly reason?: string }[]
}

describe('signing in', () => {
  test('a passkey signs its owner in', async () => {
    const owner = await customerWithPasskey(shop)
    const visitor = shop.visitor()
    const page = await signInWith(owner, visitor)
    expect(isSignedIn(page)).toBe(true)
    expect(await trailOf(owner.customer.id)).toContainEqual(
      expect.objectContaining({ type: 'login.succeeded', reason: 'passkey' }),
    )
  })

  test.each([
    ['synced', true, ['user', 'swk', 'mfa']],
    ['of one device', false, ['user', 'hwk', 'mfa']],
  ])('the ID token says how: a passkey that is %s', async (_, isBackupEligible, amr) => {
    const owner = await customerWithPasskey(shop, { isBackupEligible })
    const visitor = shop.visitor()
    const { verifier, challenge } = pkce()
    const login = await visitor.openLogin({ code_challenge: challenge })
    const credential = owner.authenticator.get(owner.passkey, optionsOf<RequestOptions>(login, '/passkey'), {
      isBackupEligible,
    })
    const { url } = await visitor.submit(login, '/passkey', { credential })
    const code = new URL(url).searchParams.get('code') ?? ''
    const tokens = (await (await redeem(shop.server.url, code, verifier)).json()) as { id_token: string }
    expect(decode(tokens.id_token).payload).toMatchObject({ sub: owner.customer.id, amr })
  })

  test('the passkey decides who signs in, whatever was typed', async () => {
    const owner = await customerWithPasskey(shop)
    const other = await shop.addCustomer()
    const page = await signInWith(owner, shop.visitor(), {}, { login: other.email })
    expect(isSignedIn(page)).toBe(true)
    expect((await trailOf(owner.customer.id))[0]).toMatchObject({ type: 'login.succeeded', reason: 'passkey' })
    expect(await trailOf(other.id)).toEqual([])
  })

  test('the page asks for the same of every address, and names no passkeys', async () => {
    const { customer } = await customerWithPasskey(shop)
    const without = await shop.addCustomer()
    const asked = []
    for (const hint of [customer.email, without.email, 'unknown@example.com']) {
      const page = await shop.visitor().openLogin({ login_hint: hint })
      asked.push({ ...optionsOf<RequestOptions>(page, '/passkey'), challenge: '' })
    }
    expect(asked[0]).toEqual({
      challenge: '',
      rpId: 'localhost',
      allowCredentials: [],
      userVerification: 'required',
      timeout: expect.any(Number),
    })
    expect(new Set(asked.map((options) => JSON.stringify(options))).size).toBe(1)
  })

  test('a counter may be 0 for ever, and may go on', async () => {
    const owner = await customerWithPasskey(shop, { isBackupEligible: false })
    for (const signCount of [0, 0, 4, 5]) {
      const page = await signInWith(owner, shop.visitor(), { isBackupEligible: false, signCount })
      expect(isSignedIn(page), `counter ${signCount}`).toBe(true)
    }
  })

  test('a synced passkey whose counter went back signs in, and the trail says so', async () => {
    const owner = await customerWithPasskey(shop)
    await signInWith(owner, shop.visitor(), { signCount: 5 })
    expect(isSignedIn(await signInWith(owner, shop.visitor(), { signCount: 3 }))).toBe(true)
    expect(await trailOf(owner.customer.id)).toContainEqual(
      expect.objectContaining({ type: 'login.succeeded', reason: 'passkey, with a counter that went back' }),
    )
  })

  test('a passkey that was removed is told to the browser, and to nobody else', async () => {
    const owner = await customerWithPasskey(shop)
    const { authenticator, passkey } = owner
    const stranger = { authenticator, passkey: { ...passkey, id: Buffer.from('not ours') } }
    const page = await signInWith(stranger, shop.visitor())
    const id = Buffer.from('not ours').toString('base64url')
    expect(page.html).toContain(
      `{&quot;signalUnknownCredential&quot;:{&quot;rpId&quot;:&quot;localhost&quot;,&quot;credentialId&quot;:&quot;${id}&quot;}}`,
    )
    expect((await signInWith(owner, shop.visitor(), { hasBogusSignature: true })).html).not.toContain('signalUnknown')
  })

  test('an origin of PASSKEY_ORIGINS is one of ours, and any other is not', async () => {
    const owner = await customerWithPasskey(shop)
    expect(isSignedIn(await signInWith(owner, shop.visitor(), { origin: 'https://shop.example' }))).toBe(true)
    expect((await signInWith(owner, shop.visitor(), { origin: 'https://shop.example.org' })).status).toBe(422)
  })
})

describe('the offer after a sign-in by password', () => {
  test('is made once, to those who have no passkey, in browsers that can hold one', async () => {
    const customer = await shop.addCustomer()
    expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
    const visitor = shop.visitor()
    const offer = await openOffer(visitor, customer)
    expect(offer.url).toMatch(/\/passkey-offer$/)
    expect(isSignedIn(await visitor.submit(offer, '/passkey-later'))).toBe(true)
    expect(isSignedIn(await openOffer(shop.visitor(), customer))).toBe(true)
    const owner = await customerWithPasskey(shop)
    expect(isSignedIn(await openOffer(shop.visitor(), owner.customer))).toBe(true)
  })

  test('asks for a passkey in full, with no name of ours in what authenticators keep', async () => {
    const customer = await shop.addCustomer()
    const offer = await openOffer(shop.visitor(), customer)
    const options = optionsOf<CreationOptions>(offer, '/passkey-new')
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: customer.email },
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: [],
      extensions: { credProps: true },
    })
    expect(options.timeout).toBeGreaterThanOrEqual(300_000)
    expect(Buffer.from(options.challenge, 'base64url').length).toBeGreaterThanOrEqual(16)
    const handle = Buffer.from(options.user.id, 'base64url')
    expect(handle.length).toBe(32)
    for (const name of [customer.email, customer.id, customer.id.replaceAll('-', '')])
      expect([handle.toString(), handle.toString('hex')].join()).not.toContain(name)
    expect(JSON.stringify(options)).not.toContain('null')
  })

  test('tells the customer by mail, and the trail, of the new passkey', async () => {
    const { customer } = await customerWithPasskey(shop)
    expect((await shop.sink.mailTo(customer.email)).subject).toContain('passkey was added')
    expect(await trailOf(customer.id)).toContainEqual(expect.objectContaining({ type: 'passkey.added' }))
  })

  test('takes what the browser made by itself where it was asked to, and nowhere else', async () => {
    const customer = await shop.addCustomer()
    const authenticator = createAuthenticator(shop.server.url)
    const visitor = shop.visitor()
    const offer = await openOffer(visitor, customer)
    const silent = { isUserPresent: false, isUserVerified: false }
    const wrong = authenticator.create(optionsOf<CreationOptions>(offer, '/passkey-new'), silent)
    const refused = await visitor.submit(offer, '/passkey-new', { credential: wrong.json })
    expect(refused.status).toBe(422)
    const right = authenticator.create(optionsOf<CreationOptions>(offer, '/passkey-upgrade'), silent)
    expect(isSignedIn(await visitor.submit(offer, '/passkey-upgrade', { credential: right.json }))).toBe(true)
    expect(isSignedIn(await signInWith({ authenticator, passkey: right.passkey }, shop.visitor()))).toBe(true)
  })

  test('is over when the password changes meanwhile', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const offer = await openOffer(visitor, customer)
    await shop.changeEmail(customer, `moved-${customer.email}`)
    expect(isSignedIn(await visitor.submit(offer, '/passkey-later'))).toBe(false)
  })
})

describe('well-known addresses', () => {
  test('say where passkeys are kept, and which other origins use them, without a redirect', async () => {
    const { url } = shop.server
    const get = async (path: string) => {
      const answer = await fetch(`${url}/.well-known/${path}`, { redirect: 'error' })
      return { type: answer.headers.get('content-type'), body: await answer.json() }
    }
    const json = expect.stringContaining('application/json')
    const manage = `${url}/account/security`
    const enroll = `${manage}/passkey-new`
    expect(await get('passkey-endpoints')).toEqual({ type: json, body: { enroll, manage } })
    const change = await fetch(`${url}/.well-known/change-password`, { redirect: 'manual' })
    expect([change.status, change.headers.get('location')]).toEqual([303, `${manage}/password`])
    // Password managers ask for it to learn whether the server answers 200 to everything.
    const never = 'resource-that-should-not-exist-whose-status-code-should-not-be-200'
    expect((await fetch(`${url}/.well-known/${never}`)).status).toBe(404)
    expect(await get('webauthn')).toEqual({ type: json, body: { origins: ['https://shop.example'] } })
  })
})
