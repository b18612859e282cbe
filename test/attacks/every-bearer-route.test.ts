import { randomUUID } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { tokensOf } from '../endpoints/client.ts'
import { startHostedShop } from '../interaction/hosted-shop.ts'
import { addClient } from '../signal-endpoints/signal-clients.ts'
import { TEXTS } from './odd-texts.ts'
import { concrete, type ServedRoute, withRoutes } from './served-routes.ts'

/**
 * The endpoints of ours for programs, asked by callers who may: a token that works and has every right leads further in than one
 * that is refused. Which they are is what the server registers.
 */
const { started: shop, routes } = await withRoutes(() =>
  startHostedShop({ ADMIN_TOKEN: OWNER, AUTHORIZATION_CHALLENGE: 'on' }, { captureLog: true }),
)
const { url } = shop.server
afterAll(() => shop.stop())

const OF_PEOPLE = routes.filter(({ pattern }) => /^\/(company-users|support-access)/.test(pattern))
const OF_CLIENTS = routes.filter(({ pattern }) => /^\/(global-token|ssf|revocations|status-lists)/.test(pattern))
const SCOPES = ['global_token_revocation', 'global_token_revocation:lookup', 'ssf.manage', 'ssf.read']

const cells = (all: readonly ServedRoute[]) =>
  all.flatMap((route) => route.methods.map((method) => [method, route.pattern] as const))

/** A text in every place where an endpoint reads one, in shapes that each of them takes. */
const bodiesWith = (text: string): string[] => [
  ...['opaque", "id', 'email", "email', 'account", "uri', 'phone_number", "phone_number'].map(
    (members) =>
      `{"sub_id":{"format":"${members}":"${text}"},"subject":{"format":"${members}":"${text}"},"stream_id":"${text}"}`,
  ),
  `{"sub_id":{"format":"iss_sub","iss":"${url}","sub":"${text}"}}`,
  `{"sub_id":{"format":"iss_sub","iss":"https://${text}.example","sub":"x"}}`,
  `{"email":"${text}@example.com","role_id":"${text}"}`,
  `{"role_ids":["${text}"],"is_active":true}`,
  `{"allowed":"${text}"}`,
  `{"description":"${text}","delivery":{"method":"urn:ietf:rfc:8936"},"events_requested":["${text}"],"aud":"${text}"}`,
  `{"delivery":{"method":"urn:ietf:rfc:8935","endpoint_url":"https://${text}.example/","authorization_header":"${text}"}}`,
  `{"stream_id":"${text}","status":"paused","reason":"${text}","state":"${text}"}`,
  `{"ack":["${text}"],"setErrs":{"${text}":{"err":"${text}","description":"${text}"}},"maxEvents":1,"returnImmediately":true}`,
]
const QUERY = ['search', 'cursor', 'limit', 'after', 'stream_id', 'state', 'id', 'since']

/** What is wrong with the answers of one endpoint; each text has a caller of its own, whose limit the others do not use up. */
async function complaintsAbout(method: string, pattern: string, newBearer: () => Promise<string>): Promise<string[]> {
  const found: string[] = []
  let headers = {}
  async function ask(path: string, body?: string): Promise<void> {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    if (response.status >= 500) found.push(`${path} ${body ?? ''}: ${response.status} ${text}`)
    if (response.status === 401) found.push(`${path}: 401, it says nothing of the text`)
  }
  const own = concrete(pattern, randomUUID())
  for (const [, encoded, escaped] of TEXTS) {
    headers = { authorization: `Bearer ${await newBearer()}` }
    if (pattern.includes(':')) await ask(concrete(pattern, encoded), method === 'GET' ? undefined : '{}')
    for (const name of QUERY) await ask(`${own}?${name}=${encoded}`, method === 'GET' ? undefined : '{}')
    if (method !== 'GET') for (const body of bodiesWith(escaped)) await ask(own, body)
  }
  return found
}

test('there are such endpoints', () => {
  expect([OF_PEOPLE.length > 2, OF_CLIENTS.length > 0]).toEqual([true, true])
})

/** A token of somebody who looks after a company. */
async function steward(): Promise<string> {
  const customer = await shop.addCustomer()
  const permissions = [{ key: 'ManageCompanyUserInvitationPermissionPlugin', configuration: {} }]
  const office = {
    id: randomUUID(),
    company: { id: randomUUID(), name: 'Office' },
    isActive: true,
    isDefault: true,
    roles: [{ id: randomUUID(), name: 'head', permissions }],
  }
  const customerReference = `test-${Number(customer.id.slice(-12))}`
  await shop.importRecord({ email: customer.email, customerReference, companyUsers: [office] })
  const { email: username, password } = customer
  return (await tokensOf(url, { username, password, scope: 'openid customer company' })).access_token
}

test.each(cells(OF_PEOPLE))('%s %s answers a customer who may, whatever text comes', async (method, pattern) => {
  expect(await complaintsAbout(method, pattern, steward)).toEqual([])
})

test.each(cells(OF_CLIENTS))('%s %s answers a client that may, whatever text comes', async (method, pattern) => {
  const client = await addClient(shop.server, SCOPES)
  expect(await complaintsAbout(method, pattern, () => client.token())).toEqual([])
})

test('in all of this nothing went wrong on our side', () => {
  const failures = shop.server.logLines
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 'error' || level === 'fatal')
  expect(failures.map(({ msg, err }) => `${msg}: ${err?.message}`)).toEqual([])
})
