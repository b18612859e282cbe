import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { CALLBACK, decode, pkce, read } from '../../endpoints/client.ts'
import { type LinkedShop, SECRET, startLinkedShop, type Trusted } from '../../issuers/linked-shop.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import { waitFor } from '../../support/wait-for.ts'
import { formEnding, type Page, type TestCustomer } from '../hosted-shop.ts'
import { openSignedIn } from './account-visitor.ts'

const CIBA = 'urn:openid:params:grant-type:ciba'
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const SCOPE = 'openid email offline_access'

type Person = Pick<TestCustomer, 'email'> & { readonly password?: string }
type Given = { readonly access_token: string; readonly refresh_token: string; readonly id_token?: string }
/** What the app got, and what else of a bearer value was on the way. */
type Linked = { readonly tokens: Given; readonly secrets: readonly string[] }
type Way = {
  readonly name: string
  readonly said: RegExp
  readonly client: () => string
  readonly person: () => Promise<Person>
  readonly link: (person: Person) => Promise<Linked>
  /** The same once more, where it is another request. */
  readonly again?: (person: Person) => Promise<Linked>
}

let shop: LinkedShop
let google: Trusted
let app: string
beforeAll(async () => {
  shop = await startLinkedShop()
  google = await shop.trust('google-linking', { subjects: 'provision' })
  const { clientId } = await shop.addClient({
    client_name: 'Helper',
    grant_types: ['authorization_code', 'refresh_token', CIBA, DEVICE],
    redirect_uris: [CALLBACK],
    backchannel_token_delivery_mode: 'poll',
  })
  app = clientId
})
afterAll(() => shop?.stop())

const post = (path: string, form: Record<string, string>) =>
  read(postForm(`${shop.server.url}${path}`, form, basicAuth(app, SECRET)))

async function tokens(form: Record<string, string>): Promise<Given> {
  const { status, body, text } = await post('/token', form)
  if (status !== 200) throw new Error(text)
  return body as Given
}

/** Each time in another browser. */
async function browserOf({ email, password = '' }: Person) {
  const visitor = shop.visitor()
  await openSignedIn(visitor, { id: '', email, password })
  const allow = async (page: Page) => visitor.submit(page, '/consent', { decision: 'allow' })
  return { visitor, allow }
}

async function byPage(person: Person): Promise<Linked> {
  const { visitor, allow } = await browserOf(person)
  const { verifier, challenge } = pkce()
  const fields = { client_id: app, scope: SCOPE, prompt: 'consent', code_challenge: challenge }
  const { url } = await allow(await visitor.openLogin(fields))
  const code = new URL(url).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK }
  return { tokens: await tokens(form), secrets: [code] }
}

async function byDevice(person: Person): Promise<Linked> {
  const { visitor, allow } = await browserOf(person)
  const { body } = await post('/device_authorization', { client_id: app, scope: SCOPE, prompt: 'consent' })
  const confirm = await visitor.submit(await visitor.open(`/device?user_code=${body.user_code}`), '/device')
  await allow(await visitor.submit(confirm, '/device', { confirm: 'yes' }))
  return { tokens: await tokens({ grant_type: DEVICE, device_code: body.device_code }), secrets: [body.device_code] }
}

async function byApproval(person: Person): Promise<Linked> {
  const { visitor } = await browserOf(person)
  const { body, text } = await post('/backchannel', { scope: SCOPE, login_hint: person.email })
  if (!body.auth_req_id) throw new Error(text)
  const { html } = await visitor.open('/account/apps')
  const [, href = ''] = /href="([^"]*\/account\/apps\/approve[^"]*)"/.exec(html) ?? []
  const done = await visitor.submit(await visitor.open(href.replaceAll('&amp;', '&')), '/apps/approve', {
    decision: 'allow',
  })
  expect(done.url).toContain('approval-given')
  return { tokens: await tokens({ grant_type: CIBA, auth_req_id: body.auth_req_id }), secrets: [body.auth_req_id] }
}

const byGoogle =
  (intent: 'get' | 'create') =>
  async ({ email }: Person): Promise<Linked> => {
    const assertion = await google.assert({ sub: `google-${email}`, email, email_verified: true })
    const { status, body, text } = await google.trade(assertion, { intent, scope: 'customer openid' })
    if (status !== 200) throw new Error(text)
    return { tokens: body as Given, secrets: [assertion] }
  }

async function connected(): Promise<Person> {
  const customer = await shop.addCustomer()
  await google.connect(customer, `google-${customer.email}`)
  return customer
}

const nobodyYet = async () => ({ email: `person-${randomUUID()}@gmail.com` })
const someone = () => shop.addCustomer()
const helper = () => app
const assistant = () => shop.clientId

const WAYS: readonly Way[] = [
  {
    name: 'the consent page',
    said: /on the consent page; consent text/,
    client: helper,
    person: someone,
    link: byPage,
  },
  {
    name: 'a device',
    said: /on the consent page, for a device; consent text/,
    client: helper,
    person: someone,
    link: byDevice,
  },
  {
    name: 'an approval (CIBA)',
    said: /by an approval in the account$/,
    client: helper,
    person: someone,
    link: byApproval,
  },
  { name: 'Google, get', said: /by account linking$/, client: assistant, person: connected, link: byGoogle('get') },
  {
    name: 'Google, create',
    said: /by account linking$/,
    client: assistant,
    person: nobodyYet,
    link: byGoogle('create'),
    again: byGoogle('get'),
  },
]

type Entry = {
  readonly type: string
  readonly customerId?: string
  readonly clientId?: string
  readonly grantId?: string
}

async function trailOf(customerId: string): Promise<Entry[]> {
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customerId=${customerId}&limit=1000`)
  return (body as { items: Entry[] }).items
}

/** When so many tokens of the customer are in the trail, what came before them is there too. */
async function trailAfter(customerId: string, issued: number): Promise<Entry[]> {
  const count = (entries: readonly Entry[]) => entries.filter(({ type }) => type === 'token.issued').length
  await waitFor(async () => count(await trailOf(customerId)) >= issued, { what: 'tokens in the trail' })
  return trailOf(customerId)
}

const newsIn = (entries: readonly Entry[]) =>
  entries.filter(({ type }) => type === 'link.created' || type === 'link.widened')
const lettersTo = (email: string) =>
  shop.sink.mailsTo(email).filter(({ subject }) => /may now (use|do more)/.test(subject))

test.each(WAYS)('by $name a link is in the trail and told by mail, once, and no token with it', async (way) => {
  const person = await way.person()
  const first = await way.link(person)
  const { sub, gid } = decode(first.tokens.access_token).payload
  const second = await (way.again ?? way.link)(person)
  const entries = await trailAfter(String(sub), 2)
  expect(newsIn(entries)).toEqual([
    expect.objectContaining({
      type: 'link.created',
      customerId: sub,
      clientId: way.client(),
      grantId: gid,
      reason: expect.stringMatching(way.said),
    }),
  ])
  await shop.sink.mailTo(person.email, 1, /may now use your account/)
  expect(lettersTo(person.email)).toHaveLength(1)
  const secrets = [first, second].flatMap((each) => [...Object.values(each.tokens), ...each.secrets])
  const values = secrets.filter((value) => typeof value === 'string' && value.length > 30)
  expect(values.length).toBeGreaterThan(3)
  const whole = JSON.stringify(entries)
  expect(values.filter((value) => whole.includes(value) || whole.includes(value.slice(-20)))).toEqual([])
})

test('the same by another way is no news, and the record has the text of the page alone', async () => {
  const customer = await shop.addCustomer()
  for (const link of [byApproval, byDevice, byPage]) await link(customer)
  expect(newsIn(await trailAfter(customer.id, 3))).toHaveLength(1)
  const { visitor } = await browserOf(customer)
  const form = formEnding(await visitor.open('/account/apps'), '/apps/record')
  const file = await visitor.jar.fetch(form.action, { method: 'POST', body: new URLSearchParams(form.fields) })
  const { consents } = (await file.json()) as { consents: { text?: string; digest?: string; scopes: string[] }[] }
  expect(consents.map(({ text, digest }) => [typeof text, typeof digest])).toEqual([
    ['string', 'string'],
    ['string', 'string'],
    ['undefined', 'undefined'],
  ])
  for (const { scopes } of consents) expect(scopes).toEqual(expect.arrayContaining(['openid', 'email']))
})

test('of several requests at once one is the first', async () => {
  const person = await connected()
  const all = await Promise.all(Array.from({ length: 6 }, () => byGoogle('get')(person)))
  const { sub } = decode(all[0]?.tokens.access_token ?? '').payload
  expect(newsIn(await trailAfter(String(sub), 6))).toHaveLength(1)
  await shop.sink.mailTo(person.email, 1, /may now use your account/)
  expect(lettersTo(person.email)).toHaveLength(1)
})

test('an approval for the software of the shop itself is no link', async () => {
  const customer = await shop.addCustomer()
  const usual = app
  const members = { grant_types: [CIBA, 'refresh_token'], backchannel_token_delivery_mode: 'poll', first_party: true }
  app = (await shop.addClient(members)).clientId
  await byApproval(customer).finally(() => {
    app = usual
  })
  expect(newsIn(await trailAfter(customer.id, 1))).toEqual([])
})

test.each([
  ['cannot be refreshed', 'ucp', []],
  ['can be refreshed', 'plain', ['link.created']],
] as const)('an assertion whose tokens %s: %s', async (_which, kind, told) => {
  const customer = await shop.addCustomer()
  const issuer = await shop.trust(kind)
  await issuer.connect(customer, 'person')
  for (const _each of [1, 2]) expect((await issuer.present({ sub: 'person' })).status).toBe(200)
  expect(newsIn(await trailAfter(customer.id, 2)).map(({ type }) => type)).toEqual(told)
})

test('what a customer takes back while an app is being linked stays taken back', async () => {
  const person = await connected()
  await byGoogle('get')(person)
  const { visitor } = await browserOf(person)
  const page = await visitor.open('/account/apps')
  const [, ...late] = await Promise.allSettled([
    visitor.submit(page, '/withdraw', { client: shop.clientId }),
    ...Array.from({ length: 4 }, () => byGoogle('get')(person)),
  ])
  expect(late).toHaveLength(4)
  await expect(byGoogle('get')(person)).rejects.toThrow('linking_error')
})
