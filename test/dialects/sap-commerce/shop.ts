import { createHmac } from 'node:crypto'
import { createPasswords } from '../../../src/credentials/passwords.ts'
import { ask, OWNER } from '../../admin/administrators.ts'
import { type Login, read } from '../../endpoints/client.ts'
import { postForm } from '../../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../../support/server.ts'

export const BASE = '/authorizationserver'
export const TOKEN = `${BASE}/oauth/token`
export const REVOKE = `${BASE}/oauth/revoke`
export const RESOURCE = 'urn:vestibule:dialect:sap-commerce'
export const CALLBACK = 'http://localhost:4200/electronics-spa/oauth-callback'
export const SITE = 'electronics-spa'
/** Two accounts of one address, one on each of two isolated sites. */
export const ADDRESS = 'twice@shop.example'
export const SITE_PASSWORDS = { [SITE]: 'the-electronics-password', 'apparel-uk': 'the-apparel-password' }
export const CDC_SECRET = Buffer.from('a secret of the site in customer data cloud').toString('base64')
export const AGENT: Login = { username: 'agent', password: 'change123' }

/** As storefronts send it: in the body. */
export const STOREFRONT = { client_id: 'mobile_android', client_secret: 'a-secret-of-the-storefront' }
export const PUBLIC = { client_id: 'mobile_android_public' }
/** It lists client credentials, and nothing for people. */
export const NARROW = { client_id: 'back-end', client_secret: 'a-secret-of-the-back-end' }

const PERSON_GRANTS = ['password', 'refresh_token', 'client_credentials']
const OWN_GRANTS = ['agent', 'one-time-password', 'signed-user'].map((name) => `urn:vestibule:grant:${name}`)
const METADATA = {
  mobile_android: {
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: [...PERSON_GRANTS, ...OWN_GRANTS],
    redirect_uris: [],
    allowed_origins: ['https://storefront.shop.example'],
  },
  mobile_android_public: {
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
    refresh_token_absolute_ttl_seconds: 3600,
  },
  'back-end': { token_endpoint_auth_method: 'client_secret_basic', grant_types: ['client_credentials'] },
}
const SECRETS: Readonly<Record<string, string>> = {
  [STOREFRONT.client_id]: STOREFRONT.client_secret,
  [NARROW.client_id]: NARROW.client_secret,
}

/** The demo shop with the dialect on, clients as shops of SAP Commerce have them, and customers of isolated sites. */
export async function startSapShop(settings: TestSettings = {}): Promise<TestServer> {
  const server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    DIALECTS: 'sap-commerce',
    SAP_COMMERCE_EMPLOYEE_DOMAIN: 'example.com',
    SAP_COMMERCE_CDC_SECRET: CDC_SECRET,
    ...settings,
  })
  for (const [client_id, members] of Object.entries(METADATA)) {
    const metadata = { client_id, first_party: true, ...members }
    const secret = SECRETS[client_id]
    const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, ...(secret && { secret }) })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  }
  const passwords = createPasswords()
  const lines = await Promise.all(
    Object.entries(SITE_PASSWORDS).map(async ([site, password]) =>
      JSON.stringify({
        email: `${ADDRESS}|${site}`,
        customerReference: `SAP--${site}`,
        emailVerified: true,
        password: await passwords.hash(password),
      }),
    ),
  )
  const imported = await ask(server, OWNER, 'POST', '/v1/customers/import', lines.join('\n'))
  if (imported.status !== 200) throw new Error(`no customers: ${imported.status}`)
  return server
}

type Fields = Readonly<Record<string, string | undefined>>
type Headers = Readonly<Record<string, string>>

/** Asks the token endpoint; the answer with its body as text and, where it is JSON, parsed. */
export function requestToken(url: string, fields: Fields, headers: Headers = {}) {
  return read(postForm(url + TOKEN, fields, headers))
}

/** A customer's tokens, by the shop's password grant. */
export async function signIn(url: string, login: Login, fields: Fields = STOREFRONT) {
  const answer = await requestToken(url, { grant_type: 'password', ...fields, ...login })
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`)
  return answer.body as { access_token: string; refresh_token: string; scope?: string }
}

export function refresh(url: string, refresh_token: string, fields: Fields = STOREFRONT) {
  return requestToken(url, { grant_type: 'refresh_token', refresh_token, ...fields })
}

/** What SAP Customer Data Cloud says of a person it has signed in, each value encoded once more, as storefronts send it. */
export function signedUser(uid: string, atSeconds = Math.floor(Date.now() / 1000)) {
  const signature = createHmac('sha1', Buffer.from(CDC_SECRET, 'base64')).update(`${atSeconds}_${uid}`).digest('base64')
  return {
    grant_type: 'custom',
    UID: encodeURIComponent(uid),
    UIDSignature: encodeURIComponent(signature),
    signatureTimestamp: encodeURIComponent(String(atSeconds)),
    id_token: 'an.id.token',
    baseSite: SITE,
  }
}
