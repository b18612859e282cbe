import { generate } from 'otplib'
import { CALLBACK, decode, pkce, read, redeem, type Tokens } from '../endpoints/client.ts'
import { later } from '../support/clock.ts'
import { postJson } from '../support/http.ts'
import type { TestServerOptions, TestSettings } from '../support/server.ts'
import { type HostedShop, type Page, startHostedShop, type TestCustomer, type Visitor } from './hosted-shop.ts'

export const SIGNED_IN = 'urn:vestibule:acr:signed-in'
export const SECOND_FACTOR = 'urn:vestibule:acr:second-factor'
/** A client of the shop that wants a second factor of everybody. */
export const STRICT = 'strict-app'
/** A client whose direct grants leave second factors out. */
export const LENIENT = 'lenient-app'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const STEP_SECONDS = 30

/** A customer with an authenticator app and the codes for when it is lost. */
export type EnrolledCustomer = TestCustomer & {
  readonly secret: string
  /** A code that was not used before; at most two in half a minute. */
  code(): Promise<string>
  /** The next of the recovery codes. */
  recoveryCode(): string
}

export type FactorShop = HostedShop & {
  enrol(customer?: TestCustomer): Promise<EnrolledCustomer>
  /** Tokens of the sign-in that `visitor` makes, from the first page to the client's callback. */
  tokensBy(visitor: Visitor, fields: Record<string, string>, walk: (page: Page) => Promise<Page>): Promise<Tokens>
}

/** A hosted shop with clients that want, or leave out, second factors. */
export async function startFactorShop(
  settings: TestSettings = {},
  options: TestServerOptions = {},
): Promise<FactorShop> {
  const shop = await startHostedShop(settings, options)
  const client = {
    first_party: true,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'password', 'urn:vestibule:grant:one-time-password'],
    redirect_uris: [CALLBACK],
  }
  const wishes = { [STRICT]: { require_second_factor: true }, [LENIENT]: { ignore_second_factor: true } }
  for (const [client_id, wish] of Object.entries(wishes)) {
    const metadata = { client_id, ...client, ...wish }
    const answer = await postJson(`${shop.server.adminUrl}/v1/clients`, { metadata }, bearer)
    if (!answer.ok) throw new Error(`no client: ${await answer.text()}`)
  }

  return {
    ...shop,
    async enrol(customer) {
      const someone = customer ?? (await shop.addCustomer())
      const visitor = shop.visitor()
      const login = { login: someone.email, password: someone.password }
      const setUp = await visitor.submit(await visitor.openLogin({ client_id: STRICT }), '/login', login)
      const secret = secretOn(setUp)
      const step = stepNow()
      const code = await codeAt(secret, step)
      const codes = recoveryCodesOn(await visitor.submit(setUp, '/second-factor-set-up', { code }))
      let [used, next] = [step, 0]
      return {
        ...someone,
        secret,
        async code() {
          used = Math.max(used + 1, stepNow())
          return codeAt(secret, used)
        },
        recoveryCode: () => codes[next++] ?? 'no more codes',
      }
    },
    async tokensBy(visitor, fields, walk) {
      const { verifier, challenge } = pkce()
      const page = await walk(await visitor.openLogin({ ...fields, code_challenge: challenge }))
      const code = new URL(page.url).searchParams.get('code')
      if (!page.url.startsWith(CALLBACK) || code === null) throw new Error(`no code at ${page.url}: ${page.html}`)
      const answer = await read(redeem(shop.server.url, code, verifier, { client_id: fields.client_id ?? 'frontend' }))
      if (answer.status !== 200) throw new Error(`no tokens: ${answer.text}`)
      return answer.body as Tokens
    },
  }
}

export const bearer = { authorization: `Bearer ${ADMIN_TOKEN}` }

/** How the person of these tokens signed in, as the access token says it; the ID token must say the same. */
export function authenticationIn({ access_token, id_token }: Tokens) {
  const [access, id] = [decode(access_token).payload, decode(id_token).payload]
  const { acr, amr, auth_time } = access
  if (JSON.stringify([acr, amr, auth_time]) !== JSON.stringify([id.acr, id.amr, id.auth_time]))
    throw new Error('access token and ID token differ')
  return { acr, amr, auth_time }
}

/** The key on the page that sets up an app. */
export function secretOn({ html, url }: Page): string {
  const [, key] = /<code class="secret">([^<]+)</.exec(html) ?? []
  if (key === undefined) throw new Error(`no key on ${url}: ${html}`)
  return key.replaceAll(' ', '')
}

export function recoveryCodesOn({ html, url }: Page): string[] {
  const codes = [...html.matchAll(/<li><code>([^<]+)</g)].map(([, code = '']) => code)
  if (codes.length === 0) throw new Error(`no recovery codes on ${url}: ${html}`)
  return codes
}

export function codeAt(secret: string, step: number): Promise<string> {
  return generate({ secret, epoch: step * STEP_SECONDS })
}

export function stepNow(): number {
  return Math.floor(Date.now() / 1000 / STEP_SECONDS)
}

/** Does something when the next codes of an app are due. */
export function aMinuteLater<T>(act: () => Promise<T>): Promise<T> {
  return later(act, 60)
}
