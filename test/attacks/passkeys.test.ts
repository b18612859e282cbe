import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { type HostedShop, isSignedIn, type Page, startHostedShop } from '../interaction/hosted-shop.ts'
import {
  type CreationOptions,
  customerWithPasskey,
  openOffer,
  optionsOf,
  type RequestOptions,
  signInWith,
  stagedSignIn,
} from '../interaction/passkey-visitor.ts'
import { type Bent, createAuthenticator } from '../support/authenticator.ts'

let shop: HostedShop
let owner: Awaited<ReturnType<typeof customerWithPasskey>>
beforeAll(async () => {
  shop = await startHostedShop()
  owner = await customerWithPasskey(shop)
})
afterAll(() => shop?.stop())

/** What a refused page says, without what is new on every page. */
function said({ html }: Page): string {
  return html
    .replaceAll(/(value|data-options|data-passkey-signals)="[^"]*"/g, '')
    .replaceAll(/(\/interaction\/|from=)[\w-]+/g, '')
    .replaceAll(/\s+/g, ' ')
}

const trailOf = async (customerId: string) => {
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${customerId}`)
  return body.items as { readonly type: string; readonly reason?: string }[]
}

/** A login page and an honest answer to it. */
async function answered(bent: Bent = {}) {
  const visitor = shop.visitor()
  const page = await visitor.openLogin({ prompt: 'login' })
  const credential = owner.authenticator.get(owner.passkey, optionsOf<RequestOptions>(page, '/passkey'), bent)
  return { visitor, page, credential }
}

describe('an answer of a passkey', () => {
  test('signs in once, however many send it at once', async () => {
    const { visitor, page, credential } = await answered()
    const sent = await Promise.all(Array.from({ length: 5 }, () => visitor.submit(page, '/passkey', { credential })))
    expect(sent.filter(isSignedIn)).toHaveLength(1)
    const other = await visitor.openLogin({ prompt: 'login' })
    expect(isSignedIn(await visitor.submit(other, '/passkey', { credential }))).toBe(false)
  })

  test('to the challenge of another sign-in is refused, also in the same browser', async () => {
    const { visitor, credential } = await answered()
    for (const thief of [visitor, shop.visitor()]) {
      const page = await thief.openLogin({ prompt: 'login' })
      expect((await thief.submit(page, '/passkey', { credential })).status).toBe(422)
    }
  })

  test('to the challenge of a new passkey, or to one that somebody made up, is refused', async () => {
    const offer = await openOffer(shop.visitor(), await shop.addCustomer())
    const { challenge } = optionsOf<CreationOptions>(offer, '/passkey-new')
    for (const bent of [challenge, randomBytes(54).toString('base64url'), 'x', `${challenge}=`])
      expect((await signInWith(owner, shop.visitor(), { challenge: bent })).status).toBe(422)
  })

  const BENT: readonly (readonly [string, Bent])[] = [
    ['of another origin', { origin: 'https://shop.evil.example' }],
    ['of our host on another port', { origin: 'http://localhost:1' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['from a frame', { crossOrigin: true }],
    ['from a frame on a page of others', { topOrigin: 'https://evil.example' }],
    ['that is of a registration', { type: 'webauthn.create' }],
    ['with a bogus signature', { hasBogusSignature: true }],
    ['without a person', { isUserPresent: false }],
    ['without a person who was verified', { isUserVerified: false }],
    ['without a user handle', { userHandle: null }],
    ['that is no longer backup eligible', { isBackupEligible: false }],
    ['that is backed up and cannot be', { isBackupEligible: false, isBackedUp: true }],
  ]

  test.each(BENT)('%s is refused as an unknown passkey is', async (_, bent) => {
    const stranger = { ...owner, passkey: { ...owner.passkey, id: randomBytes(32) } }
    const unknown = await signInWith(stranger, shop.visitor())
    const page = await signInWith(owner, shop.visitor(), bent)
    expect(page.status).toBe(422)
    expect(said(page)).toBe(said(unknown))
  })

  test('with the user handle of another customer signs in neither', async () => {
    const other = await customerWithPasskey(shop)
    expect((await signInWith(owner, shop.visitor(), { userHandle: other.passkey.userHandle })).status).toBe(422)
    const mixed = {
      ...owner,
      passkey: { ...owner.passkey, id: other.passkey.id, userHandle: other.passkey.userHandle },
    }
    expect((await signInWith(mixed, shop.visitor())).status).toBe(422)
  })

  test('of a passkey of one device whose counter went back is refused, and on the trail', async () => {
    const bent = { isBackupEligible: false }
    const single = await customerWithPasskey(shop, bent)
    expect(isSignedIn(await signInWith(single, shop.visitor(), { ...bent, signCount: 5 }))).toBe(true)
    for (const signCount of [3, 5, 0])
      expect((await signInWith(single, shop.visitor(), { ...bent, signCount })).status, `${signCount}`).toBe(422)
    expect(await trailOf(single.customer.id)).toContainEqual(
      expect.objectContaining({ type: 'login.refused', reason: 'passkey: counter-went-back' }),
    )
  })

  test('of a customer who is blocked is refused as an unknown passkey is', async () => {
    const blocked = await customerWithPasskey(shop)
    await ask(shop.server, OWNER, 'POST', `/v1/customers/${blocked.customer.id}/block`, {})
    const stranger = { ...owner, passkey: { ...owner.passkey, id: randomBytes(32) } }
    const page = await signInWith(blocked, shop.visitor())
    expect(page.status).toBe(422)
    expect(said(page)).toBe(said(await signInWith(stranger, shop.visitor())))
  })

  const MALFORMED: readonly (readonly [string, (json: string) => string])[] = [
    ['nothing', () => ''],
    ['no JSON', () => '{'],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['members of other types', () => JSON.stringify({ id: 1, rawId: [], type: {}, response: 'x' })],
    ['a prototype', () => '{"__proto__":{"id":"x"}}'],
    ['an id of 2 KB', (json) => json.replaceAll(/"(id|rawId)":"[^"]*"/g, `"$1":"${'a'.repeat(2000)}"`)],
    ['client data that is no JSON', (json) => json.replace(/"clientDataJSON":"[^"]*"/, '"clientDataJSON":"AAAA"')],
    ['authenticator data of a byte', (json) => json.replace(/"authenticatorData":"[^"]*"/, '"authenticatorData":"AA"')],
    ['no signature', (json) => json.replace(/"signature":"[^"]*"/, '"signature":""')],
  ]

  test.each(MALFORMED)('that is %s is an error of the person, and no more', async (_, bend) => {
    const { visitor, page, credential } = await answered()
    expect((await visitor.submit(page, '/passkey', { credential: bend(credential) })).status).toBe(422)
  })

  test('with the form of another site, or without ours, is refused', async () => {
    const { visitor, page, credential } = await answered()
    const foreign = await visitor.submit(page, '/passkey', { credential, csrf: 'x' })
    expect(foreign.status).toBe(403)
    expect(isSignedIn(await visitor.submit(page, '/passkey', { credential }))).toBe(true)
  })
})

describe('a sign-in by passkey', () => {
  test('that waits for its browser is over when the passkey is removed', async () => {
    const victim = await customerWithPasskey(shop)
    const goOn = await stagedSignIn(shop, victim)
    const path = `/v1/customers/${victim.customer.id}/passkeys`
    const { body } = await ask(shop.server, OWNER, 'GET', path)
    const [passkey] = body.items as { id: string }[]
    expect((await ask(shop.server, OWNER, 'DELETE', `${path}/${passkey?.id}`)).status).toBe(204)
    expect(await goOn()).toBe(false)
  })

  test('that fails many times locks nobody out', async () => {
    const stranger = { ...owner, passkey: { ...owner.passkey, id: randomBytes(32) } }
    for (const bent of [owner, stranger])
      for (let count = 0; count < 8; count++)
        await signInWith(bent, shop.visitor(), { hasBogusSignature: true }, { login: owner.customer.email })
    expect(isSignedIn(await shop.visitor().signIn(owner.customer))).toBe(true)
    expect(isSignedIn(await signInWith(owner, shop.visitor()))).toBe(true)
  })
})

describe('a new passkey', () => {
  /** The offer of a customer of their own, and what a browser would answer. */
  async function offered(bent: Bent = {}) {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const page = await openOffer(visitor, customer)
    const options = optionsOf<CreationOptions>(page, '/passkey-new')
    return { customer, visitor, page, options, ...createAuthenticator(shop.server.url).create(options, bent) }
  }

  const BENT: readonly (readonly [string, Bent])[] = [
    ['of another origin', { origin: 'https://shop.evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['from a frame', { crossOrigin: true }],
    ['that is of a sign-in', { type: 'webauthn.get' }],
    ['without a person', { isUserPresent: false }],
    ['without a person who was verified', { isUserVerified: false }],
    ['that is backed up and cannot be', { isBackupEligible: false, isBackedUp: true }],
    ['with a challenge that somebody made up', { challenge: randomBytes(54).toString('base64url') }],
    ['with an id above the limit', { id: randomBytes(1100) }],
  ]

  test.each(BENT)('%s is not taken', async (_, bent) => {
    const { customer, visitor, page, json } = await offered(bent)
    expect((await visitor.submit(page, '/passkey-new', { credential: json })).status).toBe(422)
    const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${customer.id}/passkeys`)
    expect(body.items).toEqual([])
  })

  test('with an id that another customer has is not taken, and theirs stays', async () => {
    const { visitor, page, json } = await offered({ id: owner.passkey.id })
    expect((await visitor.submit(page, '/passkey-new', { credential: json })).status).toBe(422)
    expect(isSignedIn(await signInWith(owner, shop.visitor()))).toBe(true)
  })

  test('is made once by an answer, and in the browser that was asked alone', async () => {
    const { visitor, page, json } = await offered()
    const thief = shop.visitor()
    const theirs = await openOffer(thief, await shop.addCustomer())
    expect((await thief.submit(theirs, '/passkey-new', { credential: json })).status).toBe(422)
    const sent = await Promise.all([1, 2, 3].map(() => visitor.submit(page, '/passkey-new', { credential: json })))
    expect(sent.filter(isSignedIn)).toHaveLength(1)
  })

  test('is not offered before the password, and the form is of no use without it', async () => {
    const { page: offer, json } = await offered()
    const thief = shop.visitor()
    const login = await thief.openLogin()
    expect((await thief.open(`${login.url}/passkey-offer`)).url).toBe(login.url)
    for (const ending of ['/passkey-new', '/passkey-upgrade', '/passkey-later']) {
      const forged = { ...login, html: login.html.replaceAll('/login"', `${ending}"`) }
      expect((await thief.submit(forged, ending, { credential: json })).url, ending).toBe(login.url)
    }
    expect((await thief.open(offer.url)).status).toBe(400)
  })
})
