import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLanguages } from '../../src/interaction/languages.ts'
import { OWN_VIEWS } from '../../src/interaction/pages.ts'
import { ask } from '../admin/administrators.ts'
import { CALLBACK } from '../endpoints/client.ts'
import { type HostedShop, isSignedIn, type Page, startHostedShop } from './hosted-shop.ts'

const ADMIN = 'an-admin-token-for-tests'
const RESOURCE = 'https://shop.example/ucp'
const KNOWN = [
  'dev.ucp.shopping.checkout:manage',
  'dev.ucp.shopping.order:read',
  'dev.ucp.shopping.order:manage',
  'dev.ucp.shopping.cart:manage',
  'dev.ucp.shopping.catalog.search:read',
  'dev.ucp.shopping.catalog.lookup:read',
]
const UNKNOWN = ['dev.ucp.shopping.wishlist:manage', 'com.example.loyalty:points']
const OWN = 'dev.ucp.shopping.described:read'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
  await create('resource-servers', {
    identifier: RESOURCE,
    resource_name: 'Acme for agents',
    format: 'opaque',
    scopes: [...KNOWN, ...UNKNOWN, OWN],
    scopeDescriptions: {
      [OWN]: { en: 'See what we say of it' },
      [UNKNOWN[1] as string]: { de: 'Ihre Punkte sehen' },
    },
  })
  const agent = {
    client_name: 'Shopping assistant',
    client_uri: 'https://assistant.example/about',
    default_resource: RESOURCE,
    resource_scopes: ['*'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  }
  await create('clients', { metadata: { ...agent, client_id: 'agent', redirect_uris: ['https://cb.example/link'] } })
  await create('clients', { metadata: { ...agent, client_id: 'local-agent', redirect_uris: [CALLBACK] } })
})
afterAll(() => shop?.stop())

async function create(what: string, body: object): Promise<void> {
  const made = await ask(shop.server, ADMIN, 'POST', `/v1/${what}`, body)
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

async function consentPage(scopes: readonly string[], { language = 'en', client = 'agent' } = {}): Promise<Page> {
  const { email, password } = await shop.addCustomer()
  const visitor = shop.visitor({ 'accept-language': language })
  const redirect = client === 'agent' ? 'https://cb.example/link' : CALLBACK
  const opened = await visitor.openLogin({ client_id: client, redirect_uri: redirect, scope: scopes.join(' ') })
  return visitor.submit(opened, '/login', { login: email, password })
}

/** The items of its list of permissions. */
function listed({ html }: Page): string[] {
  const [, list = ''] = /<ul class="list">([\s\S]*?)<\/ul>/.exec(html) ?? []
  return [...list.matchAll(/<li[^>]*>([\s\S]*?)<\/li>/g)].map(([, text = '']) => text)
}

describe('the consent page of an agent', () => {
  const { tags } = readLanguages([OWN_VIEWS])

  test.each(tags)('says in %s what it may do, and no name of a capability', async (language) => {
    const page = await consentPage([...KNOWN, ...UNKNOWN, OWN], { language })
    expect(page.html).toContain(`<html lang="${language}"`)
    expect(page.html).not.toMatch(/dev\.ucp|com\.example/)
    expect(listed(page).every((text) => text.trim() !== '')).toBe(true)
    if (language !== 'en') expect(listed(page)).not.toContain('See and change your cart')
  })

  test('says one thing once, in the words of the resource server before ours', async () => {
    expect(listed(await consentPage([...KNOWN, ...UNKNOWN, OWN]))).toEqual([
      'Prepare, place and cancel purchases for you',
      'See all your orders, whoever placed them',
      'Cancel, change and return orders for you',
      'See and change your cart',
      'See the products and prices that you see',
      'Use other things that Acme for agents offers',
      'See what we say of it',
    ])
  })

  test('names the app, its address, the shop that added it, and where the answer leads', async () => {
    const { html } = await consentPage(KNOWN)
    for (const text of [
      'Shopping assistant',
      'Address of the app: assistant.example',
      'Added by the shop',
      'go on to cb.example',
    ])
      expect(html).toContain(text)
    expect((await consentPage(KNOWN, { client: 'local-agent' })).html).toContain('a program on this device')
  })
})

test('who has no account makes one on the way, and comes back to the agent’s request', async () => {
  const visitor = shop.visitor()
  const fields = { client_id: 'local-agent', scope: 'dev.ucp.shopping.order:read' }
  const login = await visitor.openLogin(fields)
  const [, path = ''] = /href="([^"]*\/registration\?from=[^"]+)"/.exec(login.html) ?? []
  const [email, password] = ['new-shopper@example.com', 'a good password for an agent']
  const name = { givenName: 'Sam', familyName: 'Sample' }
  await visitor.submit(await visitor.open(path), '/registration', { login: email, password, ...name })
  const { link } = await shop.sink.mailTo(email)
  const back = await visitor.submit(await visitor.open(link), '/confirmation')
  const asked = await visitor.submit(back, '/login', { login: email, password })
  expect(asked.html).toContain('See all your orders, whoever placed them')
  expect(isSignedIn(await visitor.submit(asked, '/consent', { decision: 'allow' }))).toBe(true)
})
