import { CALLBACK } from '../endpoints/client.ts'
import { createAuthenticator, type KeptPasskey } from '../support/authenticator.ts'
import { readForm } from '../support/http.ts'
import { type HostedShop, isSignedIn, type Page, type TestCustomer, type Visitor } from './hosted-shop.ts'

/** What a page asks the browser for, in the form whose address ends so. */
export function optionsOf<Options>({ html, url }: Page, ending: string): Options {
  const forms = html.match(/<form\b[^>]*>/g) ?? []
  const form = forms.find((tag) => tag.includes(`${ending}"`))
  const json = form?.match(/data-options="([^"]*)"/)?.[1]
  if (json === undefined) throw new Error(`no options at ${ending} on ${url}: ${html}`)
  return JSON.parse(json.replaceAll('&quot;', '"').replaceAll('&amp;', '&')) as Options // the caller knows which page it is
}

/** What the login page asks for. */
export type RequestOptions = { readonly rpId: string; readonly challenge: string }
/** What a page that adds a passkey asks for. */
export type CreationOptions = {
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string; readonly name: string }
  readonly challenge: string
  readonly timeout: number
  readonly excludeCredentials: readonly { readonly id: string }[]
}

/** The offer that a person sees after a sign-in by password, in a browser that can hold passkeys. */
export async function openOffer(visitor: Visitor, { email, password }: TestCustomer): Promise<Page> {
  const login = await visitor.openLogin({ prompt: 'login' })
  return visitor.submit(login, '/login', { login: email, password, passkeys: 'yes' })
}

/** A customer with a passkey, made at the offer, and the authenticator that keeps it. */
export async function customerWithPasskey(shop: HostedShop, bent: Parameters<Authenticator['create']>[1] = {}) {
  return withPasskey(shop, await shop.addCustomer(), bent)
}

/** Makes a passkey for a customer, at the offer. */
export async function withPasskey(
  shop: HostedShop,
  customer: TestCustomer,
  bent: Parameters<Authenticator['create']>[1] = {},
) {
  const authenticator = createAuthenticator(shop.server.url)
  const visitor = shop.visitor()
  const offer = await openOffer(visitor, customer)
  const { passkey, json } = authenticator.create(optionsOf<CreationOptions>(offer, '/passkey-new'), bent)
  const page = await visitor.submit(offer, '/passkey-new', { credential: json })
  if (!isSignedIn(page)) throw new Error(`no passkey: ${page.status} ${page.html}`)
  return { customer, authenticator, passkey, visitor }
}

/** A sign-in with a passkey that the browser has yet to go on with; the answer goes on. */
export async function stagedSignIn(shop: HostedShop, owner: Awaited<ReturnType<typeof withPasskey>>) {
  const { jar, ...visitor } = shop.visitor()
  const page = await visitor.openLogin({ prompt: 'login' })
  const form = readForm(
    page.html.slice(page.html.indexOf('<form method="post" action="', page.html.indexOf('/login"'))),
    page.url,
  )
  const credential = owner.authenticator.get(owner.passkey, optionsOf<RequestOptions>(page, '/passkey'))
  const body = new URLSearchParams({ ...form.fields, credential })
  const answer = await jar.fetch(form.action, { method: 'POST', body })
  return async () => (await jar.follow(answer, { stopAt: CALLBACK })).url.startsWith(CALLBACK)
}

type Authenticator = ReturnType<typeof createAuthenticator>

/** Signs in with a passkey on a login page, by default of a new browser. */
export async function signInWith(
  { authenticator, passkey }: { readonly authenticator: Authenticator; readonly passkey: KeptPasskey },
  visitor: Visitor,
  bent: Parameters<Authenticator['get']>[2] = {},
  fields: Record<string, string> = {},
): Promise<Page> {
  const login = await visitor.openLogin({ prompt: 'login' })
  const credential = authenticator.get(passkey, optionsOf<RequestOptions>(login, '/passkey'), bent)
  return visitor.submit(login, '/passkey', { credential, ...fields })
}
