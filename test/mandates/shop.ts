import { CALLBACK, introspect, type Login, pkce, read, redeem, sonia } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, postForm, readForm } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'

export const TYPE = 'urn:vestibule:purchase-mandate:1'
export const RESOURCE = 'urn:vestibule:commerce'
export const ADMIN_TOKEN = 'an-admin-token-for-tests'
export const assistant = basicAuth('assistant', 'the-secret-of-the-assistant')
export const checkout = basicAuth('checkout', 'the-secret-of-the-checkout')
const DAY = 86_400

export const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * DAY

/** What an assistant asks for, unless a test says otherwise. */
export const asked = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: TYPE,
  locations: [RESOURCE],
  actions: ['checkout'],
  per_order: { amount: 5000, currency: 'EUR' },
  budget: { amount: 20_000, currency: 'EUR', period: 'month' },
  expires_at: inDays(30),
  ...more,
})

export type Mandated = {
  readonly access_token: string
  readonly refresh_token: string
  readonly authorization_details: readonly Record<string, never>[]
}

export type MandateShop = Awaited<ReturnType<typeof startMandateShop>>

/** A shop with an assistant of others, and with a checkout that may spend. */
export async function startMandateShop(
  settings: TestSettings = {},
  options: Parameters<typeof startTestServer>[1] = {},
) {
  const server = await startTestServer({ ADMIN_TOKEN, ...settings }, options)
  await addClients(server)
  return { server, ...mandateShop(server.url, server.adminUrl), stop: server.stop }
}

/** The two clients, at a server that lacks them. */
export async function addClients({ adminUrl }: Pick<TestServer, 'adminUrl'>): Promise<void> {
  const { admin } = mandateShop('', adminUrl)
  await admin('POST', '/v1/clients', {
    metadata: {
      client_id: 'assistant',
      client_name: 'Price scout',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      redirect_uris: [CALLBACK],
      resource_scopes: ['*'],
      authorization_details_types: [TYPE],
      default_scope: 'openid',
    },
    secret: 'the-secret-of-the-assistant',
  })
  await admin('POST', '/v1/clients', {
    metadata: {
      client_id: 'checkout',
      grant_types: ['client_credentials'],
      response_types: [],
      resource_scopes: ['*'],
      introspects: [RESOURCE],
    },
    secret: 'the-secret-of-the-checkout',
  })
}

/** What the parties do at the shop of these addresses. */
export function mandateShop(url: string, adminUrl: string, client = assistant) {
  async function admin(method: string, path: string, body?: object) {
    const answer = await read(
      fetch(adminUrl + path, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', 'if-match': '*' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }

  const authorizeUrl = (fields: Record<string, string>) =>
    `${url}/authorize?${new URLSearchParams({
      client_id: 'assistant',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid offline_access',
      state: 'some-state',
      prompt: 'consent',
      ...fields,
    })}`

  /** Opens the page that asks about these details, signed in. */
  async function consentPage(
    details: object,
    jar = createCookieJar(),
    fields: Record<string, string> = {},
    login = sonia,
  ) {
    const { verifier, challenge } = pkce()
    const request = authorizeUrl({
      authorization_details: JSON.stringify([details]),
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...fields,
    })
    let page = await jar.follow(await jar.fetch(request), { stopAt: CALLBACK })
    let html = page.url.startsWith(CALLBACK) ? '' : await page.response.text()
    if (html.includes('name="password"')) {
      const form = readForm(html, page.url)
      const body = new URLSearchParams({ ...form.fields, login: login.username, password: login.password })
      page = await jar.follow(await jar.fetch(form.action, { method: 'POST', body }), { stopAt: CALLBACK })
      html = page.url.startsWith(CALLBACK) ? '' : await page.response.text()
    }
    return { url: page.url, html, jar, verifier }
  }

  /** Answers the page, with what the customer typed. */
  async function answer(
    { html, url: at, jar }: { html: string; url: string; jar: ReturnType<typeof createCookieJar> },
    typed: Record<string, string> = {},
  ) {
    const form = readForm(html.slice(html.lastIndexOf('<form', html.indexOf('/consent"'))), at)
    const body = new URLSearchParams({ ...form.fields, decision: 'allow', ...typed })
    const page = await jar.follow(await jar.fetch(form.action, { method: 'POST', body }), { stopAt: CALLBACK })
    const isBack = page.url.startsWith(CALLBACK)
    return { url: page.url, status: page.response.status, html: isBack ? '' : await page.response.text() }
  }

  async function exchange(back: string, verifier: string, fields: Record<string, string> = {}) {
    const code = new URL(back).searchParams.get('code') ?? ''
    return read(redeem(url, code, verifier, fields, client))
  }

  /** From the request to the tokens. */
  async function mandated(
    details: object = asked(),
    {
      typed = {},
      jar = createCookieJar(),
      login = sonia,
    }: { typed?: Record<string, string>; jar?: ReturnType<typeof createCookieJar>; login?: Login } = {},
  ): Promise<Mandated & { readonly id: string; readonly jar: ReturnType<typeof createCookieJar> }> {
    const page = await consentPage(details, jar, {}, login)
    const { url: back, html } = await answer(page, typed)
    const { status, body, text } = await exchange(back, page.verifier)
    if (status !== 200) throw new Error(`no tokens: ${status} ${text} ${back} ${html}`)
    return { ...body, id: body.authorization_details[0].mandate_id, jar }
  }

  const post = (path: string, body: object, headers: Record<string, string> = checkout) =>
    read(
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    )

  return {
    url,
    admin,
    authorizeUrl,
    consentPage,
    answer,
    exchange,
    mandated,
    hold: (id: string, order: string, amount: number, more: Record<string, unknown> = {}) =>
      post(`/mandates/${id}/holds`, { order, amount, currency: 'EUR', ...more }),
    capture: (id: string, hold: string, body: object = {}) => post(`/mandates/${id}/holds/${hold}/capture`, body),
    release: (id: string, hold: string) => post(`/mandates/${id}/holds/${hold}/release`, {}),
    post,
    refresh: (refresh_token: string) =>
      read(postForm(`${url}/token`, { grant_type: 'refresh_token', refresh_token }, client)),
    introspect: (token: string) => introspect(url, token, checkout),
  }
}
