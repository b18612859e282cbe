import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { createAuthenticator } from '../../support/authenticator.ts'
import type { LocalProvider } from '../../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from '../../upstreams/shop-with-upstreams.ts'
import { isSignedIn, type Page, type Visitor } from '../hosted-shop.ts'
import { type CreationOptions, optionsOf } from '../passkey-visitor.ts'
import { openSignedIn } from './account-visitor.ts'

const SECURITY = '/account/security'
const LAST_WAY = 'This is your last way to sign in.'

type Kind = 'a passkey' | 'a provider'

let count = 0
const newPerson = () => ({
  sub: `way-${++count}`,
  email: `way${count}@people.example`,
  email_verified: true,
  amr: ['mfa'],
})

/** What tests do with one shop and its provider. */
function at(shop: () => ShopWithUpstreams, acme: () => LocalProvider) {
  async function addPasskey(visitor: Visitor): Promise<void> {
    const page = await visitor.open(`${SECURITY}/passkey-new`)
    const { json } = createAuthenticator(shop().server.url).create(optionsOf<CreationOptions>(page, '/passkey-new'))
    expect((await visitor.submit(page, '/passkey-new', { credential: json })).html).toContain('passkey-remove?id=')
  }

  /** The forms that take away what is of this kind. */
  async function formsFor(visitor: Visitor, kind: Kind): Promise<Page[]> {
    const act = kind === 'a passkey' ? 'passkey-remove' : 'disconnect'
    const { html } = await visitor.open(SECURITY)
    const ids = [...html.matchAll(new RegExp(`security/${act}\\?id=([\\w-]+)`, 'g'))].map(([, id]) => id)
    expect(ids, `no ${act}`).not.toEqual([])
    return Promise.all(ids.map((id) => visitor.open(`${SECURITY}/${act}?id=${id}`)))
  }

  return {
    addPasskey,
    formsFor,

    /** Somebody whom a provider made known here: without a password. */
    async newcomer(): Promise<Visitor> {
      acme().person = newPerson()
      const visitor = shop().visitor()
      expect(isSignedIn(await comeBy(visitor, 'acme'))).toBe(true)
      return visitor
    },

    /** Somebody with a password and the provider. */
    async withPassword(): Promise<Visitor> {
      const visitor = shop().visitor()
      await openSignedIn(visitor, await shop().addCustomer())
      acme().person = newPerson()
      await visitor.submit(await visitor.open('/upstreams/acme/connect'), '/security/connect')
      return visitor
    },

    async connect(visitor: Visitor, provider: LocalProvider, id: string): Promise<void> {
      provider.person = newPerson()
      await visitor.submit(await visitor.open(`/upstreams/${id}/connect`), '/security/connect')
    },

    takeAway: (visitor: Visitor, form: Page) =>
      visitor.submit(form, form.url.includes('passkey-remove') ? '/passkey-remove' : '/disconnect'),
  }
}

describe('the last way in stays, and any other may go', () => {
  let shop: ShopWithUpstreams
  let acme: LocalProvider
  let other: LocalProvider
  beforeAll(async () => {
    shop = await startShopWithUpstreams()
    acme = await shop.addProvider('acme')
    other = await shop.addProvider('other')
  })
  afterAll(() => shop?.stop())

  const { newcomer, withPassword, addPasskey, connect, formsFor, takeAway } = at(
    () => shop,
    () => acme,
  )

  test.each<[Kind, string, () => Promise<Visitor>]>([
    [
      'a passkey',
      'a password',
      async () => {
        const visitor = await withPassword()
        await addPasskey(visitor)
        return visitor
      },
    ],
    ['a provider', 'a password', withPassword],
    [
      'a passkey',
      'another passkey',
      async () => {
        const visitor = await newcomer()
        await addPasskey(visitor)
        await addPasskey(visitor)
        const [provider] = await formsFor(visitor, 'a provider')
        if (provider) await takeAway(visitor, provider)
        return visitor
      },
    ],
    [
      'a passkey',
      'a provider',
      async () => {
        const visitor = await newcomer()
        await addPasskey(visitor)
        return visitor
      },
    ],
    [
      'a provider',
      'a passkey',
      async () => {
        const visitor = await newcomer()
        await addPasskey(visitor)
        return visitor
      },
    ],
    [
      'a provider',
      'another provider',
      async () => {
        const visitor = await newcomer()
        await connect(visitor, other, 'other')
        return visitor
      },
    ],
  ])('%s may go while there is %s', async (kind, _, arrive) => {
    const visitor = await arrive()
    const [form] = await formsFor(visitor, kind)
    const done = form && (await takeAway(visitor, form))
    expect([done?.status, done?.url]).toEqual([200, expect.stringContaining('?done=')])
  })

  test('a passkey stays where the provider beside it is switched off', async () => {
    const provider = await shop.addProvider('soon-off')
    provider.person = newPerson()
    const visitor = shop.visitor()
    await comeBy(visitor, 'soon-off')
    await addPasskey(visitor)
    const { issuer, clientId: client_id } = provider
    const upstream = { id: 'soon-off', name: 'Soon off', issuer, client_id, is_enabled: false }
    const path = '/v1/upstreams/soon-off'
    const { status } = await ask(shop.server, OWNER, 'PUT', path, { upstream }, { 'If-Match': '*' })
    expect(status).toBe(200)
    const [form] = await formsFor(visitor, 'a passkey')
    const refused = form && (await takeAway(visitor, form))
    expect([refused?.status, refused?.html]).toEqual([409, expect.stringContaining(LAST_WAY)])
  })

  test('of a passkey and a provider that go at once one stays', async () => {
    const visitor = await newcomer()
    await addPasskey(visitor)
    const forms = [...(await formsFor(visitor, 'a passkey')), ...(await formsFor(visitor, 'a provider'))]
    const ends = await Promise.all(forms.map((form) => takeAway(visitor, form)))
    expect(ends.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  test('of two providers and two passkeys that go at once one stays', async () => {
    const visitor = await newcomer()
    await connect(visitor, other, 'other')
    await addPasskey(visitor)
    await addPasskey(visitor)
    const forms = [...(await formsFor(visitor, 'a provider')), ...(await formsFor(visitor, 'a passkey'))]
    const ends = await Promise.all(forms.map((form) => takeAway(visitor, form)))
    expect(ends.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409])
  })
})

describe.each([
  ['no code is mailed', {}, 409],
  ['a code by mail signs in', { SIGN_IN_CODE: 'offered' }, 200],
  [
    'a code by mail is the second factor and not the first',
    { SIGN_IN_CODE: 'offered', SECOND_FACTOR_MAIL: 'allowed', SECOND_FACTOR: 'required' },
    409,
  ],
] as const)('on the embedded database, where %s', (_, settings, expected) => {
  let shop: ShopWithUpstreams
  let acme: LocalProvider
  beforeAll(async () => {
    shop = await startShopWithUpstreams(settings, { isEmbedded: true })
    acme = await shop.addProvider('acme', 'oidc', { trusts_amr: true })
  })
  afterAll(() => shop?.stop())

  test(`the only provider of somebody without a password is answered ${expected}`, async () => {
    const { newcomer, formsFor, takeAway } = at(
      () => shop,
      () => acme,
    )
    const visitor = await newcomer()
    const [form] = await formsFor(visitor, 'a provider')
    expect((form && (await takeAway(visitor, form)))?.status).toBe(expected)
  })
})
