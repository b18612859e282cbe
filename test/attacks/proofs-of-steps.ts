import { randomUUID } from 'node:crypto'
import { ask, OWNER } from '../admin/administrators.ts'
import { basicAuthPlain, pkce, at as slas } from '../dialects/slas/shop.ts'
import { codeAt, secretOn, stepNow } from '../interaction/factor-shop.ts'
import { type HostedShop, isSignedIn, type TestCustomer } from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'
import type { StoredProof } from './stored-proofs.ts'

const REDIRECT = 'http://localhost:8080/callback'

/** What was proved at one step of a sign-in and waits for the next: a code, a company, the client of a dialect. */
export const PROOFS_OF_STEPS: readonly StoredProof[] = [
  {
    name: 'a sign-in at its second factor',
    isOurs: true,
    async keep(shop, customer) {
      const { secret, step } = await addApp(shop, customer)
      const visitor = shop.visitor()
      const page = await visitor.signIn(customer)
      return async () => {
        const code = await codeAt(secret, step + 1)
        return isSignedIn(await visitor.submit(page, '/second-factor', { code }))
      }
    },
  },
  {
    name: 'a sign-in at the choice of a company',
    isOurs: true,
    async keep(shop, customer) {
      const { id } = customer
      const companyUsers = ['North', 'South'].map((name) => ({ id: randomUUID(), company: { id: randomUUID(), name } }))
      const customerReference = `test-${Number(id.slice(-12))}`
      await shop.importRecord({ email: customer.email, customerReference, companyUsers })
      const visitor = shop.visitor()
      const login = { login: customer.email, password: customer.password }
      const page = await visitor.submit(await visitor.openLogin({ scope: 'openid company' }), '/login', login)
      const company = String(companyUsers[0]?.id)
      return async () => isSignedIn(await visitor.submit(page, '/company', { company }))
    },
  },
  {
    name: 'a code of Salesforce’s login',
    async keep(shop, { email, password }) {
      const { url } = shop.server
      const client_id = await slasClient(shop)
      const { verifier, challenge } = pkce()
      const asked = { client_id, channel_id: 'RefArch', redirect_uri: REDIRECT, code_challenge: challenge }
      const answer = await postForm(slas(url, 'login'), asked, basicAuthPlain(email, password))
      const query = new URL(answer.headers.get('location') ?? 'nothing://here').searchParams
      const redeemed = {
        grant_type: 'authorization_code_pkce',
        client_id,
        channel_id: 'RefArch',
        redirect_uri: REDIRECT,
        code_verifier: verifier,
        code: query.get('code') ?? '',
        usid: query.get('usid') ?? '',
      }
      return async () => (await postForm(slas(url, 'token'), redeemed)).status === 200
    },
  },
]

/** Sets up an authenticator app on the account page. */
async function addApp(shop: HostedShop, customer: TestCustomer) {
  const visitor = shop.visitor()
  await visitor.signIn(customer)
  const form = await visitor.open('/account/security/second-factor')
  const [secret, step] = [secretOn(form), stepNow()]
  await visitor.submit(form, '/security/second-factor', { code: await codeAt(secret, step) })
  return { secret, step }
}

async function slasClient(shop: HostedShop): Promise<string> {
  const client_id = `slas-${randomUUID()}`
  const metadata = {
    client_id,
    first_party: true,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: [REDIRECT],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'password'],
    resource_scopes: ['sfcc.shopper-*'],
  }
  const made = await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata })
  if (made.status !== 201) throw new Error(`no client: ${JSON.stringify(made.body)}`)
  return client_id
}
