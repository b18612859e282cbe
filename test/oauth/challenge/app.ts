import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { CALLBACK, pkce, read } from '../../endpoints/client.ts'
import { bearer, type FactorShop, startFactorShop } from '../../interaction/factor-shop.ts'
import { postForm, postJson } from '../../support/http.ts'
import type { TestServerOptions, TestSettings } from '../../support/server.ts'

export const PATH = '/authorize-challenge'
/** An app of the shop with screens of its own: public. */
export const APP = 'shop-app'
/** The same with a secret. */
export const BACKEND = 'shop-backend'
export const BACKEND_SECRET = 'a-secret-of-the-backend-of-the-shop'
/** An app of the shop that was not switched on. */
export const OTHER_APP = 'other-app'
export const ORIGIN = 'https://storefront.example'
export const WEEK = 7 * 86_400

type Fields = Readonly<Record<string, string | undefined>>
type Key = Awaited<ReturnType<typeof generateKeyPair>>

/** A step as the server offers it. */
export type Step = { readonly step: string; readonly [member: string]: unknown }

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly authorization_code?: string
    readonly error?: string
    readonly error_description?: string
    readonly auth_session?: string
    readonly next?: readonly Step[]
    readonly problem?: { readonly code: string; readonly retry_after?: number }
    readonly request_uri?: string
    readonly expires_in?: number
    readonly access_token?: string
    readonly refresh_token?: string
    readonly id_token?: string
    readonly token_type?: string
  }
  readonly text: string
}

/** A shop whose apps show sign-in screens of their own. */
export async function startAppShop(settings: TestSettings = {}, options: TestServerOptions = {}): Promise<FactorShop> {
  const given = {
    AUTHORIZATION_CHALLENGE: 'on',
    SIGN_IN_CODE: 'offered',
    LOCKOUT_ADDRESS_ATTEMPTS: '5000',
    ...settings,
  }
  const shop = await startFactorShop(given, options)
  const common = {
    first_party: true,
    authorization_challenge: true,
    grant_types: ['authorization_code', 'refresh_token', 'password'],
    redirect_uris: [CALLBACK],
  }
  const publicClient = { ...common, token_endpoint_auth_method: 'none' }
  await addClient(shop, { ...publicClient, client_id: APP, authorization_challenge_origins: [ORIGIN] })
  await addClient(shop, { ...publicClient, client_id: 'weekly-app', second_factor_max_age_seconds: WEEK })
  await addClient(shop, { ...common, client_id: BACKEND }, BACKEND_SECRET)
  const { authorization_challenge: _off, ...off } = publicClient
  await addClient(shop, { ...off, client_id: OTHER_APP })
  return shop
}

export async function addClient(shop: FactorShop, metadata: object, secret?: string): Promise<void> {
  const answer = await postJson(`${shop.server.adminUrl}/v1/clients`, { metadata, secret }, bearer)
  if (!answer.ok) throw new Error(`no client: ${await answer.text()}`)
}

/** An instance of an app: it keeps a key, a verifier, and what the server said last. */
export type App = {
  /** Asks the challenge endpoint; a sign-in under way goes on unless `auth_session` says otherwise. */
  ask(fields: Fields, headers?: Record<string, string>): Promise<Answer>
  /** Begins a sign-in: what a first request has. */
  begin(fields?: Fields, headers?: Record<string, string>): Promise<Answer>
  /** Redeems a code. */
  redeem(code: string | undefined, fields?: Fields, headers?: Record<string, string>): Promise<Answer>
  refresh(token: string | undefined, fields?: Fields): Promise<Answer>
  /** A proof of the key for an address. */
  proof(url: string, claims?: object): Promise<string>
  readonly thumbprint: string | undefined
  readonly verifier: string
  authSession: string | undefined
}

/** Has a DPoP key unless `isBare`. */
export async function newApp(
  shop: FactorShop,
  { clientId = APP, isBare = false }: { clientId?: string; isBare?: boolean } = {},
): Promise<App> {
  const { url } = shop.server
  const key: Key | undefined = isBare ? undefined : await generateKeyPair('ES256')
  const { verifier, challenge } = pkce()
  const jwk = key && (await exportJWK(key.publicKey))
  const proof = (htu: string, claims: object = {}): Promise<string> =>
    new SignJWT({ htm: 'POST', htu, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', ...(jwk && { jwk }) })
      .setIssuedAt()
      .sign(key?.privateKey as Key['privateKey'])
  const post = async (path: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> => {
    const dpop = key && headers.dpop === undefined ? { dpop: await proof(url + path) } : {}
    const given = Object.entries({ ...dpop, ...headers }).filter((entry): entry is [string, string] => !!entry[1])
    return read(postForm(url + path, fields, Object.fromEntries(given)))
  }

  const app: App = {
    authSession: undefined,
    verifier,
    thumbprint: jwk && (await calculateJwkThumbprint(jwk)),
    proof,
    async ask(fields, headers) {
      const answer = await post(PATH, { auth_session: app.authSession, ...fields }, headers)
      app.authSession = answer.body?.auth_session ?? app.authSession
      return answer
    },
    begin(fields = {}, headers) {
      const request = {
        client_id: clientId,
        response_type: 'code',
        scope: 'openid email customer',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }
      app.authSession = undefined
      return app.ask({ ...request, ...fields }, headers)
    },
    redeem: (code, fields = {}, headers) =>
      post(
        '/token',
        { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier, ...fields },
        headers,
      ),
    refresh: (refresh_token, fields = {}) =>
      post('/token', { grant_type: 'refresh_token', client_id: clientId, refresh_token, ...fields }),
  }
  return app
}

/** The names of the steps that an answer offers. */
export function stepsIn({ body }: Answer): string[] {
  return (body.next ?? []).map(({ step }) => step)
}

/** The step of this name. */
export function stepIn<Members>({ body, text }: Answer, name: string): Step & Members {
  const found = body.next?.find(({ step }) => step === name)
  if (!found) throw new Error(`no step ${name}: ${text}`)
  return found as Step & Members // the caller knows what the step has
}

/** A sign-in by password that needs nothing else. */
export async function signedIn(
  app: App,
  { email, password }: { email: string; password: string },
  fields: Fields = {},
) {
  const answer = await app.begin({ username: email, password, ...fields })
  if (answer.status !== 200) throw new Error(`not signed in: ${answer.status} ${answer.text}`)
  const tokens = await app.redeem(answer.body.authorization_code)
  if (tokens.status !== 200) throw new Error(`no tokens: ${tokens.status} ${tokens.text}`)
  return { answer, tokens: tokens.body }
}

/** The code of a letter that signs in. */
export function codeIn(text: string): string {
  const [, code] = /is ([a-z2-9]{6})\./.exec(text) ?? []
  if (code === undefined) throw new Error(`no code: ${text}`)
  return code
}

/** The six digits of a letter for a second step. */
export function digitsIn(text: string): string {
  const [, first, second] = /is (\d{3}) (\d{3})\./.exec(text) ?? []
  if (first === undefined) throw new Error(`no code: ${text}`)
  return `${first}${second}`
}
