import { ask } from '../admin/administrators.ts'
import { CALLBACK, introspect, pkce, read } from '../endpoints/client.ts'
import { CHECKOUT, ORDERS, PROFILE } from '../endpoints/platform.ts'
import {
  type HostedShop,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../interaction/hosted-shop.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { TestSettings } from '../support/server.ts'

const ADMIN = 'an-admin-token-for-tests'
const RESOURCE = 'https://shop.example/ucp'
const MANDATE = 'urn:vestibule:purchase-mandate:1'
const SECRET = 'a-secret-that-is-long-enough-for-the-story'
const MONTH_SECONDS = 30 * 86_400

export type Step = { readonly who: string; readonly what: string; readonly outcome: string }
type Tokens = { readonly access_token: string; readonly refresh_token: string; readonly scope: string }
type Story = { readonly shop: HostedShop; readonly customer: TestCustomer; readonly visitor: Visitor; tell: Tell }
type Tell = (who: string, what: string, outcome: unknown) => void

/** What came of the story, step by step, and how long the tokens of a withdrawn link went on working, in milliseconds. */
export type Told = { readonly steps: readonly Step[]; readonly deadAfterMs: number }

/**
 * A shopping assistant links a shopper's account, reads orders, buys within a mandate and is stopped above it; the shopper approves one
 * order, and withdraws the link. Told from all sides: shopper, operator, auditor.
 */
export async function tellAgentStory(settings: TestSettings = {}): Promise<Told> {
  const shop = await startHostedShop(settings)
  try {
    const steps: Step[] = []
    const tell: Tell = (who, what, outcome) =>
      steps.push({ who, what, outcome: typeof outcome === 'string' ? outcome : JSON.stringify(outcome) })
    await register(shop)
    const story: Story = { shop, customer: await shop.addCustomer(), visitor: shop.visitor(), tell }
    const tokens = await linkAccount(story)
    const mandateId = await buy(story, tokens)
    await lookAround(story, mandateId)
    const deadAfterMs = await withdraw(story, tokens, mandateId)
    await audit(story)
    return { steps, deadAfterMs }
  } finally {
    await shop.stop()
  }
}

async function register({ server }: HostedShop): Promise<void> {
  const assistant = {
    client_id: 'assistant',
    client_name: 'Price scout',
    client_uri: 'https://scout.example/',
    security_profile: 'agent-platform',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
    default_resource: RESOURCE,
    resource_scopes: ['dev.ucp.*'],
    refresh_policy: 'lazy',
    ucp_profile: PROFILE,
    authorization_details_types: [MANDATE],
  }
  const checkout = {
    client_id: 'checkout',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    resource_scopes: ['*'],
    introspects: [RESOURCE],
  }
  const resourceServer = { identifier: RESOURCE, resource_name: 'The shop', format: 'jwt', scopes: [CHECKOUT, ORDERS] }
  const made = [
    await ask(server, ADMIN, 'POST', '/v1/resource-servers', resourceServer),
    await ask(server, ADMIN, 'POST', '/v1/clients', { metadata: assistant, secret: SECRET }),
    await ask(server, ADMIN, 'POST', '/v1/clients', { metadata: checkout, secret: SECRET }),
  ]
  const refused = made.find(({ status }) => status !== 201)
  if (refused) throw new Error(`not registered: ${JSON.stringify(refused.body)}`)
}

const assistant = basicAuth('assistant', SECRET)
const checkout = basicAuth('checkout', SECRET)
const eur = (amount: number) => ({ amount, currency: 'EUR' })

/** One authorization request of the assistant, with what the shopper does on the pages. */
async function authorize({ shop, customer, visitor }: Story, fields: Record<string, string>) {
  const { verifier, challenge } = pkce()
  let page = await visitor.openLogin({
    client_id: 'assistant',
    scope: `${CHECKOUT} ${ORDERS}`,
    ...fields,
    code_challenge: challenge,
  })
  const shown: string[] = []
  while (!page.url.startsWith(CALLBACK)) {
    const isLogin = page.html.includes('type="password"')
    if (!isLogin) shown.push(textOf(page))
    const filled: Record<string, string> = isLogin
      ? { login: customer.email, password: customer.password }
      : { decision: 'allow' }
    page = await visitor.submit(page, isLogin ? '/login' : '/consent', filled)
  }
  const code = new URL(page.url).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK }
  const { status, body, text } = await read(postForm(`${shop.server.url}/token`, form, assistant))
  if (status !== 200) throw new Error(`no tokens: ${status} ${text} ${page.url}`)
  return { tokens: body as Tokens, shown }
}

async function linkAccount(story: Story): Promise<Tokens> {
  const details = {
    type: MANDATE,
    locations: [RESOURCE],
    actions: ['checkout'],
    per_order: eur(5000),
    budget: { ...eur(20_000), period: 'month' },
    ask_above: eur(3000),
    expires_at: Math.floor(Date.now() / 1000) + MONTH_SECONDS,
  }
  const { tokens, shown } = await authorize(story, { authorization_details: JSON.stringify([details]) })
  story.tell('shopper', 'is asked by the shop', shown.join(' / '))
  story.tell('assistant', 'links the account', tokens.scope)
  return tokens
}

async function buy(story: Story, { access_token: token }: Tokens): Promise<string> {
  const { shop, tell } = story
  const orders = await introspect(shop.server.url, token, checkout)
  const [granted] = orders.authorization_details as { mandate_id: string; remaining: { amount: number } }[]
  if (!granted) throw new Error('no mandate')
  const { mandate_id: id } = granted
  tell('service', 'is asked for the orders', {
    active: orders.active,
    may: String(orders.scope).includes(ORDERS),
    ucp_profile: orders.ucp_profile,
  })

  const small = await hold(story, id, { order: '4711', amount: 2500 })
  tell('checkout', 'holds 25.00 for order 4711', said(small))
  const captured = await spend(story, `${id}/holds/${small.body.hold}/capture`, { amount: 2500 })
  tell('checkout', 'captures it', said(captured))
  tell('checkout', 'holds 60.00 for order 4712', said(await hold(story, id, { order: '4712', amount: 6000 })))
  tell('checkout', 'holds 45.00 for order 4713', said(await hold(story, id, { order: '4713', amount: 4500 })))

  const approve = { type: MANDATE, mandate_id: id, approve: { order: '4713', ...eur(4500) } }
  const { shown } = await authorize(story, { authorization_details: JSON.stringify([approve]), max_age: '0' })
  tell('shopper', 'signs in afresh and approves order 4713', shown.join(' / '))
  tell('checkout', 'holds 45.00 for order 4713', said(await hold(story, id, { order: '4713', amount: 4500 })))
  tell('checkout', 'holds 45.00 for order 4714', said(await hold(story, id, { order: '4714', amount: 4500 })))
  return id
}

const hold = (story: Story, id: string, { order, amount }: { order: string; amount: number }) =>
  spend(story, `${id}/holds`, { order, ...eur(amount) })

function spend({ shop }: Story, path: string, body: object) {
  const headers = { 'content-type': 'application/json', ...checkout }
  return read(fetch(`${shop.server.url}/mandates/${path}`, { method: 'POST', headers, body: JSON.stringify(body) }))
}

type Spent = {
  readonly status: number
  readonly body: { type?: string; limit?: string; remaining?: { amount?: number } }
}

function said({ status, body: { type, limit, remaining } }: Spent): string {
  return [status, type, limit, remaining?.amount !== undefined && `${remaining.amount} left`].filter(Boolean).join(' ')
}

async function lookAround({ shop, visitor, tell }: Story, mandateId: string): Promise<void> {
  tell('shopper', 'looks at the account', textOf(await visitor.open('/account/apps?ui_locales=en')))
  const { status, body } = await ask(shop.server, ADMIN, 'GET', `/v1/mandates/${mandateId}`)
  tell('operator', 'looks at the mandate', { status, ...(body as object) })
}

/** Withdraws, and asks everywhere at once until everybody refuses. */
async function withdraw(story: Story, tokens: Tokens, mandateId: string): Promise<number> {
  const { shop, visitor, tell } = story
  const page = await visitor.open('/account/apps')
  const startedAt = performance.now()
  await visitor.submit(page, '/withdraw', { client: 'assistant' })
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const [asked, refreshed, held] = await Promise.all([
    introspect(shop.server.url, tokens.access_token, checkout),
    read(postForm(`${shop.server.url}/token`, form, assistant)),
    hold(story, mandateId, { order: '4715', amount: 100 }),
  ])
  const deadAfterMs = performance.now() - startedAt
  tell('shopper', 'withdraws the link', 'done')
  tell('service', 'asks about the access token', asked)
  tell('assistant', 'refreshes', { status: refreshed.status, error: refreshed.body.error })
  tell('checkout', 'holds 1.00 for order 4715', said(held))
  const { html } = await visitor.open('/account/apps')
  tell(
    'shopper',
    'looks at the account',
    html.includes('Price scout') ? 'Price scout is still there' : 'nobody is linked',
  )
  return deadAfterMs
}

async function audit({ shop, customer, tell }: Story): Promise<void> {
  const { body } = await ask(shop.server, ADMIN, 'GET', `/v1/audit?customerId=${customer.id}&limit=1000`)
  const { items } = body as { items: { type: string }[] }
  tell('auditor', 'reads the trail, newest first', items.map(({ type }) => type).join(', '))
}

/** What a page says. */
function textOf({ html }: Page): string {
  const [, main = html] = /<main\b[^>]*>(.*?)<\/main>/s.exec(html) ?? []
  return main
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
