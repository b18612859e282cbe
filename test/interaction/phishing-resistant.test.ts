import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, introspect, read, refresh, type Tokens } from '../endpoints/client.ts'
import { authenticationIn, type FactorShop, SECOND_FACTOR, SIGNED_IN, startFactorShop } from './factor-shop.ts'
import { isSignedIn, type Page, type Visitor } from './hosted-shop.ts'
import { customerWithPasskey, optionsOf, type RequestOptions } from './passkey-visitor.ts'

const PHR = 'phr'
const BY_PASSKEY = ['user', 'swk', 'mfa']
const essential = (value: string) => JSON.stringify({ id_token: { acr: { essential: true, value } } })

type Owner = Awaited<ReturnType<typeof customerWithPasskey>>

let shop: FactorShop
let owner: Owner
beforeAll(async () => {
  shop = await startFactorShop()
  owner = await customerWithPasskey(shop)
})
afterAll(() => shop?.stop())

/** A browser in which the owner of a passkey is signed in by password. */
async function byPassword(): Promise<Visitor> {
  const visitor = shop.visitor()
  expect(isSignedIn(await visitor.signIn(owner.customer))).toBe(true)
  return visitor
}

const enterPasskey = (visitor: Visitor) => (login: Page) => {
  const credential = owner.authenticator.get(owner.passkey, optionsOf<RequestOptions>(login, '/passkey'))
  return visitor.submit(login, '/passkey', { credential })
}
const enterPassword = (visitor: Visitor) => (login: Page) =>
  visitor.submit(login, '/login', { login: owner.customer.email, password: owner.customer.password })

async function refreshed({ refresh_token }: Tokens): Promise<Tokens> {
  return (await read(refresh(shop.server.url, refresh_token))).body
}

describe('the owner of a passkey who is signed in by password', () => {
  test.each<[string, Record<string, string>, string]>([
    ['phr', { acr_values: PHR }, PHR],
    ['phr before others', { acr_values: `${PHR} ${SIGNED_IN}x` }, PHR],
    ['an essential phr', { claims: essential(PHR) }, PHR],
    ['a second factor', { acr_values: SECOND_FACTOR }, SECOND_FACTOR],
    ['an essential second factor', { claims: essential(SECOND_FACTOR) }, SECOND_FACTOR],
  ])('signs in again where %s is asked for, and the tokens say it, also after a refresh', async (_, fields, acr) => {
    const visitor = await byPassword()
    const scope = 'openid customer offline_access'
    const tokens = await shop.tokensBy(visitor, { ...fields, scope }, enterPasskey(visitor))
    expect(authenticationIn(tokens)).toMatchObject({ acr, amr: BY_PASSKEY })
    for (const { access_token } of [tokens, await refreshed(tokens)])
      expect(await introspect(shop.server.url, access_token)).toMatchObject({ acr, amr: BY_PASSKEY })
    expect(isSignedIn(await visitor.openLogin({ ...fields, prompt: 'none' })), 'and is not asked again').toBe(true)
  })

  test('is asked once: the password again is answered with what it is worth', async () => {
    const visitor = await byPassword()
    const tokens = await shop.tokensBy(visitor, { acr_values: PHR }, enterPassword(visitor))
    expect(authenticationIn(tokens)).toMatchObject({ acr: SIGNED_IN, amr: ['pwd'] })
    const { url } = await enterPassword(visitor)(await visitor.openLogin({ claims: essential(PHR) }))
    expect(new URL(url).searchParams.get('error')).toBe('unmet_authentication_requirements')
  })

  test('is asked without openid too (RFC 9470), and the access token says phr', async () => {
    const visitor = await byPassword()
    const page = await visitor.openLogin({ acr_values: PHR, scope: 'customer' })
    expect(isSignedIn(page)).toBe(false)
    expect(isSignedIn(await enterPasskey(visitor)(page))).toBe(true)
    expect(isSignedIn(await visitor.openLogin({ acr_values: PHR, scope: 'customer' }))).toBe(true)
  })

  test.each<Record<string, string>>([{ acr_values: PHR }, { claims: essential(PHR) }, { acr_values: SECOND_FACTOR }])(
    'is told that a sign-in is required where no page may be shown: %j',
    async (fields) => {
      const visitor = await byPassword()
      const { url } = await visitor.openLogin({ ...fields, prompt: 'none' })
      expect(new URL(url).searchParams.get('error')).toBe('login_required')
    },
  )
})

test('a sign-in by passkey is a second factor where nobody asks for it by its own name', async () => {
  const visitor = shop.visitor()
  const tokens = await shop.tokensBy(visitor, {}, enterPasskey(visitor))
  expect(authenticationIn(tokens)).toMatchObject({ acr: SECOND_FACTOR, amr: BY_PASSKEY })
  expect(isSignedIn(await visitor.openLogin({ acr_values: SECOND_FACTOR }))).toBe(true)
  expect(isSignedIn(await visitor.openLogin({ acr_values: PHR }))).toBe(true)
})

test('a code of an app is not phr: its customer, who has no passkey, is answered with what they reached', async () => {
  const customer = await shop.enrol()
  const visitor = shop.visitor()
  const tokens = await shop.tokensBy(visitor, { acr_values: `${PHR} ${SECOND_FACTOR}` }, async (login) => {
    const page = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    return visitor.submit(page, '/second-factor', { code: await customer.code(), remember_device: '' })
  })
  expect(decode(tokens.access_token).payload.acr).toBe(SECOND_FACTOR)
  expect(isSignedIn(await visitor.openLogin({ acr_values: PHR })), 'no loop').toBe(true)
  const { url } = await visitor.openLogin({ claims: essential(PHR) })
  expect(new URL(url).searchParams.get('error')).toBe('unmet_authentication_requirements')
})
