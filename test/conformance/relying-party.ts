import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as openid from 'openid-client'
import type { Page } from 'playwright-core'

/** The demo customer who signs in here. */
export const sonia = { login: 'sonia@spryker.com', password: 'change123' }

/** The callback of `third-party-app`: a web app's is exact, port included. */
export const THIRD_PARTY_CALLBACK = 'http://localhost:8080/callback'

/** What the client must find in the answer to the authorization request it sent. */
export type Checks = openid.AuthorizationCodeGrantChecks & { readonly pkceCodeVerifier: string }

export type SignInRequest = { readonly url: URL; readonly redirectUri: string; readonly checks: Checks }

type Parameters = Readonly<Record<string, string>>

/** openid-client with what it discovered at `url`; test servers have no TLS. */
export function discover(url: string, clientId: string, secret?: string): Promise<openid.Configuration> {
  const authentication = secret === undefined ? openid.None() : openid.ClientSecretBasic(secret)
  return openid.discovery(new URL(url), clientId, undefined, authentication, {
    execute: [openid.allowInsecureRequests],
  })
}

/** An authorization request with PKCE, state and nonce, as a careful client makes it. */
export async function requestSignIn(
  config: openid.Configuration,
  redirectUri: string,
  parameters: Parameters = {},
): Promise<SignInRequest> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: openid.randomState(), expectedNonce: openid.randomNonce() }
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid email customer company',
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  })
  return { url, redirectUri, checks }
}

/** Does `act` and returns the address of the client that the browser is then sent to; nobody need listen there. */
export async function arrival(page: Page, redirectUri: string, act: () => Promise<unknown>): Promise<URL> {
  const arrives = page.waitForRequest(
    (request) => request.isNavigationRequest() && request.url().startsWith(redirectUri),
    { timeout: 30_000 },
  )
  // Where nobody listens the navigation fails, after the request that is waited for.
  const [request] = await Promise.all([arrives, act().catch(() => {})])
  return new URL(request.url())
}

/** Opens the request's page, which must be the login, and signs in; returns where the browser is sent. */
export async function signIn(page: Page, request: SignInRequest, person = sonia): Promise<URL> {
  await page.goto(request.url.href)
  return arrival(page, request.redirectUri, () => submitLogin(page, person))
}

/** Fills in the login page and sends it. */
export async function submitLogin(page: Page, { login, password } = sonia): Promise<void> {
  await page.locator('#login').fill(login)
  await page.locator('#password').fill(password)
  await page.locator('form[action$="/login"] button').click()
}

/** A web page of the client on a free port, for callbacks of native and loopback clients (RFC 8252 §7.3). */
export async function startClientPage() {
  const posts: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (request.method === 'POST') posts.push(body)
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Client</title><p>back at the client')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    callback: `${origin}/callback`,
    /** Bodies that browsers posted here. */
    posts,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

/** A running client page. */
export type ClientPage = Awaited<ReturnType<typeof startClientPage>>
