import { ask, OWNER } from '../admin/administrators.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { CALLBACK, obtainCode, redeem, requestTokens } from '../endpoints/client.ts'
import { type HostedShop, isSignedIn, type Page, type TestCustomer, type Visitor } from '../interaction/hosted-shop.ts'
import {
  type CreationOptions,
  openOffer,
  optionsOf,
  stagedSignIn,
  withPasskey,
} from '../interaction/passkey-visitor.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { postForm, readForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { PROOFS_OF_STEPS } from './proofs-of-steps.ts'

/** The password that the one who kept a proof tries to set with it. */
export const THEIRS = 'what the thief would like'

/** Something proved about a customer that is kept, and used later. */
export type StoredProof = {
  readonly name: string
  /** The customer must change their password at the next sign-in. */
  readonly isWeak?: true
  readonly isUnconfirmed?: true
  /** Only for customers who are kept here. */
  readonly isOurs?: true
  /** Using it sets `THEIRS`. */
  readonly setsPassword?: true
  /** Makes the proof; the answer uses it, and says whether that gave a session, a token or a new password. */
  keep(shop: HostedShop, customer: TestCustomer): Promise<() => Promise<boolean>>
}

const thirdParty = { client_id: 'third-party-app', redirect_uri: CALLBACK }
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const CODE_BY_MAIL = '/v2/authentication-realms/realm/password-profiles/profile/one-time-password-token-request'

/** Everything of a server that is proved at one time and used at another. */
export const STORED_PROOFS: readonly StoredProof[] = [
  {
    name: 'a sign-in that the browser has yet to go on with',
    async keep(shop, { email, password }) {
      const { jar, ...visitor } = shop.visitor()
      const page = await visitor.openLogin({ prompt: 'login' })
      const form = readForm(page.html, page.url)
      const body = new URLSearchParams({ ...form.fields, login: email, password })
      const answer = await jar.fetch(form.action, { method: 'POST', body })
      return async () => (await jar.follow(answer, { stopAt: CALLBACK })).url.startsWith(CALLBACK)
    },
  },
  {
    name: 'a sign-in that waits at the consent page',
    async keep(shop, customer) {
      const visitor = shop.visitor()
      const page = await signInAt(visitor, customer, thirdParty)
      return async () => isSignedIn(await visitor.submit(page, '/consent', { decision: 'allow' }))
    },
  },
  {
    name: 'a sign-in that waits for a new password',
    isWeak: true,
    setsPassword: true,
    async keep(shop, customer) {
      const visitor = shop.visitor()
      const page = await visitor.signIn(customer)
      const chosen = { password: THEIRS, repeated: THEIRS }
      return async () => isSignedIn(await visitor.submit(page, '/new-password', chosen))
    },
  },
  {
    name: 'a sign-in that waits for a new password, put off',
    isWeak: true,
    async keep(shop, customer) {
      const visitor = shop.visitor()
      const page = await visitor.signIn(customer)
      return async () => isSignedIn(await visitor.submit(page, '/later'))
    },
  },
  {
    name: 'a sign-in by passkey that the browser has yet to go on with',
    isOurs: true,
    keep: async (shop, customer) => stagedSignIn(shop, await withPasskey(shop, customer)),
  },
  {
    name: 'a sign-in that waits at the offer of a passkey',
    isOurs: true,
    async keep(shop, customer) {
      const visitor = shop.visitor()
      const offer = await openOffer(visitor, customer)
      return async () => isSignedIn(await visitor.submit(offer, '/passkey-later'))
    },
  },
  {
    name: 'the offer of a passkey',
    isOurs: true,
    async keep(shop, customer) {
      const visitor = shop.visitor()
      const offer = await openOffer(visitor, customer)
      const options = optionsOf<CreationOptions>(offer, '/passkey-new')
      const { json } = createAuthenticator(shop.server.url).create(options)
      return async () => isSignedIn(await visitor.submit(offer, '/passkey-new', { credential: json }))
    },
  },
  { name: 'a sign-in link', keep: (shop, customer) => signInLink(shop, customer, false) },
  { name: 'a sign-in link that works more than once', keep: (shop, customer) => signInLink(shop, customer, true) },
  {
    name: 'a code by mail',
    async keep(shop, { email }) {
      const { url } = shop.server
      const sent = shop.sink.mailsTo(email).length
      const asked = { type: 'one_time_password_token_request', username: email, purpose: 'passwordless_authentication' }
      // A bearer of the very second in which everybody was signed out is signed out, too.
      const isAsked = async () =>
        (await postData(`${url}${CODE_BY_MAIL}`, asked, `Bearer ${await implicitToken(url)}`)).status === 202
      await waitFor(isAsked, { what: 'the code to be asked for' })
      const { text } = await shop.sink.mailTo(email, sent + 1)
      const one_time_password = /Your code .*\bis (\w{6})\b/.exec(text)?.[1]
      const fields = { grant_type: 'urn:vestibule:grant:one-time-password', username: email, one_time_password }
      return async () => (await requestTokens(url, { ...fields, password: undefined })).status === 200
    },
  },
  {
    name: 'a link to a new password',
    setsPassword: true,
    async keep(shop, { email }) {
      const visitor = shop.visitor()
      await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
      const page = await visitor.open((await shop.sink.mailTo(email)).link)
      const chosen = { password: THEIRS, repeated: THEIRS }
      return async () => (await visitor.submit(page, '/recovery/new', chosen)).url.includes('/done/password-changed')
    },
  },
  {
    name: 'a link that confirms an address',
    isUnconfirmed: true,
    async keep(shop, customer) {
      const visitor = shop.visitor()
      await visitor.submit(await visitor.signIn(customer), '/confirmation')
      const page = await visitor.open((await shop.sink.mailTo(customer.email)).link)
      return async () => (await visitor.submit(page, '/confirmation')).status === 200
    },
  },
  {
    name: 'an authorization code',
    async keep(shop, { email: username, password }) {
      const { url } = shop.server
      const { code, verifier } = await obtainCode(url, {}, { login: { username, password } })
      return async () => (await redeem(url, code, verifier)).status === 200
    },
  },
  {
    name: 'a device that was allowed',
    async keep(shop, customer) {
      const { url } = shop.server
      const asked = await postForm(`${url}/device_authorization`, { client_id: 'device-app', scope: 'openid customer' })
      const device = (await asked.json()) as { user_code: string; device_code: string }
      const visitor = shop.visitor()
      const confirm = await visitor.submit(await visitor.open('/device'), '/device', { user_code: device.user_code })
      const login = await visitor.submit(confirm, '/device', { confirm: 'yes' })
      const { email, password } = customer
      const page = await visitor.submit(login, '/login', { login: email, password })
      if (page.url.includes('/interaction/')) await visitor.submit(page, '/consent', { decision: 'allow' })
      const poll = { grant_type: DEVICE_CODE, device_code: device.device_code, client_id: 'device-app' }
      return async () => (await postForm(`${url}/token`, poll)).status === 200
    },
  },
  ...PROOFS_OF_STEPS,
]

async function signInAt(visitor: Visitor, { email, password }: TestCustomer, client: Record<string, string>) {
  const page: Page = await visitor.openLogin(client)
  return visitor.submit(page, '/login', { login: email, password })
}

async function signInLink(shop: HostedShop, { id }: TestCustomer, isReusable: boolean) {
  const body = { customerReference: `test-${Number(id.slice(-12))}`, isReusable }
  const made = await ask(shop.server, OWNER, 'POST', '/v1/sign-in-links', body)
  const visitor = shop.visitor()
  return async () => {
    await visitor.jar.fetch(String(made.body.url))
    return isSignedIn(await visitor.openLogin())
  }
}
