import { createPasswords } from '../../src/credentials/passwords.ts'
import { authorizationUrl, CALLBACK, pkce } from '../endpoints/client.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { readForm } from '../support/http.ts'
import { startTestServer, type TestServer, type TestServerOptions, type TestSettings } from '../support/server.ts'
import { type MailSink, startMailSink } from './mail-sink.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const passwords = createPasswords()
let count = 0

export type TestCustomer = {
  readonly id: string
  readonly email: string
  readonly password: string
}

/** A page in a browser. */
export type Page = { readonly url: string; readonly status: number; readonly headers: Headers; readonly html: string }

export type Visitor = {
  readonly jar: CookieJar
  /** Begins a sign-in and shows the login page. */
  openLogin(fields?: Record<string, string>): Promise<Page>
  open(path: string): Promise<Page>
  /** Fills in the form whose address ends so, and follows redirects to a page or to the client. */
  submit(page: Page, ending: string, fields?: Record<string, string>): Promise<Page>
  signIn(customer: { email: string; password: string }): Promise<Page>
  /** The same browser in another network. */
  moveTo(address: string): void
}

export type HostedShop = {
  readonly server: TestServer
  readonly sink: MailSink
  /** A customer of their own, so that tests do not use up each other's budgets. */
  addCustomer(given?: Partial<Record<'email' | 'password' | 'locale', string>> & Flags): Promise<TestCustomer>
  changeEmail(customer: TestCustomer, email: string): Promise<void>
  /** One line of an import. */
  importRecord(record: object): Promise<void>
  visitor(headers?: Record<string, string>): Visitor
  stop(): Promise<void>
}

type Flags = { readonly emailVerified?: boolean; readonly status?: 'active' | 'blocked' }

/** The server with a mail server beside it and registration open; X-Forwarded-For is believed. */
export async function startHostedShop(
  settings: TestSettings = {},
  options: TestServerOptions = {},
): Promise<HostedShop> {
  const sink = await startMailSink()
  const own = { BRAND_NAME: 'Acme Shop', TRUSTED_PROXIES: '127.0.0.1,::1', ADMIN_TOKEN }
  const server = await startTestServer({ MAIL_URL: sink.url, REGISTRATION: 'open', ...own, ...settings }, options)

  async function importCustomer(record: object): Promise<void> {
    const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
      body: `${JSON.stringify(record)}\n`,
    })
    const report = await answer.text()
    if (!/"created":1|"updated":1/.test(report)) throw new Error(`not imported: ${report}`)
  }

  return {
    server,
    sink,
    async addCustomer(given = {}) {
      const number = ++count
      const email = given.email ?? `buyer${number}@example.com`
      const password = given.password ?? `a good password ${number}`
      const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
      const { emailVerified = true, status = 'active', locale } = given
      await importCustomer({
        id,
        email,
        customerReference: `test-${number}`,
        givenName: 'Sam',
        ...(locale && { locale }),
        emailVerified,
        status,
        password: await passwords.hash(password),
      })
      return { id, email, password }
    },
    importRecord: importCustomer,
    changeEmail: ({ id }, email) => {
      const customerReference = `test-${Number(id.slice(-12))}`
      return importCustomer({ email, customerReference, emailVerified: true })
    },
    visitor: (headers = {}) => createVisitor(server.url, headers),
    async stop() {
      await server.stop()
      await sink.stop()
    },
  }
}

function createVisitor(url: string, given: Record<string, string>): Visitor {
  const jar = createCookieJar()
  const headers = { ...given }

  async function arrive(response: Response): Promise<Page> {
    const page = await jar.follow(response, { stopAt: CALLBACK, headers })
    const html = page.url.startsWith(CALLBACK) ? '' : await page.response.text()
    return { url: page.url, status: page.response.status, headers: page.response.headers, html }
  }
  const visitor: Visitor = {
    jar,
    async openLogin(fields = {}) {
      const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
      return arrive(await jar.fetch(authorizationUrl(url, { ...challenge, ...fields }), { headers }))
    },
    open: async (path) => arrive(await jar.fetch(new URL(path, url), { headers })),
    async submit(page, ending, fields = {}) {
      const form = formEnding(page, ending)
      const body = new URLSearchParams({ ...form.fields, ...fields })
      return arrive(await jar.fetch(form.action, { method: 'POST', body, headers }))
    },
    async signIn({ email, password }) {
      return visitor.submit(await visitor.openLogin({ prompt: 'login' }), '/login', { login: email, password })
    },
    moveTo(address) {
      headers['x-forwarded-for'] = address
    },
  }
  return visitor
}

/** The form of a page whose address ends so. */
export function formEnding({ html, url }: Page, ending: string) {
  const forms = html.match(/<form\b.*?<\/form>/gs) ?? []
  const found = forms.map((form) => readForm(form, url)).find(({ action }) => new URL(action).pathname.endsWith(ending))
  if (!found) throw new Error(`no form to ${ending} on ${url}: ${html}`)
  return found
}

/** Whether a page is the client's callback with a code: the sign-in has ended well. */
export function isSignedIn({ url }: Page): boolean {
  return url.startsWith(CALLBACK) && new URL(url).searchParams.has('code')
}
