import { createHash, randomUUID } from 'node:crypto'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { ask, OWNER } from '../admin/administrators.ts'
import { pkce, read, signIn, sonia, submit } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import type { TestServer } from '../support/server.ts'

type Fields = Readonly<Record<string, string | undefined>>
type Headers = Readonly<Record<string, string>>
export type KeyPair = { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey; readonly jwk: JWK }

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const BROWSER = { headers: { accept: 'text/html' } }

export const nowSeconds = () => Math.floor(Date.now() / 1000)

export async function keyPair(alg = 'ES256', kid = randomUUID()): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } }
}

/** What is different about a JWT than it should be; undefined removes a member. */
export type JwtChange = {
  readonly payload?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: KeyPair
}

async function signed(
  payload: Readonly<Record<string, unknown>>,
  header: { alg: string; [member: string]: unknown },
  key: KeyPair,
) {
  const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
  return new SignJWT(given).setProtectedHeader(header).sign(key.privateKey)
}

/** A client of FAPI 2.0: a key for its assertions and signed requests, another for its DPoP proofs. */
export async function registerSecureClient(server: TestServer, id: string, members: object = {}) {
  const [key, proofKey, rsaKey] = await Promise.all([keyPair(), keyPair(), keyPair('RS256')])
  const callback = `https://${id}.example/callback`
  const metadata = {
    client_id: id,
    first_party: true,
    security_profile: 'fapi2-security',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [callback],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [key.jwk, rsaKey.jwk] },
    require_pushed_authorization_requests: true,
    dpop_bound_access_tokens: true,
    id_token_signed_response_alg: 'ES256',
    ...members,
  }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  const issuer = server.url

  const assertion = ({ payload = {}, header = {}, key: other = key }: JwtChange = {}) =>
    signed(
      { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: nowSeconds(), exp: nowSeconds() + 60, ...payload },
      { alg: 'ES256', kid: key.jwk.kid, ...header },
      other,
    )

  /** A DPoP proof for an endpoint (RFC 9449 §4.2). */
  async function proof(
    path: string,
    { payload = {}, header = {}, key: other = proofKey }: JwtChange = {},
    token?: string,
  ) {
    const { kty, crv, x, y, n, e } = other.jwk
    const jwk = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined))
    const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') }
    const claims = {
      jti: randomUUID(),
      htm: path === '/userinfo' ? 'GET' : 'POST',
      htu: issuer + path,
      iat: nowSeconds(),
    }
    return signed({ ...claims, ...ath, ...payload }, { alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }, other)
  }

  /** A signed authorization request (RFC 9101). */
  const requestObject = (fields: Fields, { payload = {}, header = {}, key: other = key }: JwtChange = {}) =>
    signed(
      {
        iss: id,
        aud: issuer,
        client_id: id,
        iat: nowSeconds(),
        nbf: nowSeconds(),
        exp: nowSeconds() + 60,
        ...fields,
        ...payload,
      },
      { alg: 'ES256', kid: key.jwk.kid, ...header },
      other,
    )

  /** As a form, with an assertion unless the fields bring another. */
  async function post(path: string, fields: Fields, headers: Headers = {}) {
    const proved = { client_assertion_type: ASSERTION_TYPE, client_assertion: await assertion() }
    return read(postForm(issuer + path, { ...proved, ...fields }, headers))
  }

  const verifierAndChallenge = pkce()
  const request = (fields: Fields = {}): Fields => ({
    client_id: id,
    response_type: 'code',
    redirect_uri: callback,
    scope: 'openid email',
    state: 'some-state',
    code_challenge: verifierAndChallenge.challenge,
    code_challenge_method: 'S256',
    ...fields,
  })
  const push = (fields: Fields = {}, headers: Headers = {}) => post('/par', request(fields), headers)
  const pushSigned = async (fields: Fields = {}, change: JwtChange = {}) =>
    post('/par', { client_id: id, request: await requestObject(request(fields), change) })

  const authorizeUrl = (requestUri: string, fields: Fields = {}) => {
    const all = Object.entries({ client_id: id, request_uri: requestUri, ...fields })
    const given = all.filter((field): field is [string, string] => field[1] !== undefined)
    return `${issuer}/authorize?${new URLSearchParams(given)}`
  }

  /** The address that the browser of Sonia brings to the callback. */
  async function arrive(url: string, jar = createCookieJar()): Promise<URL> {
    let page = await jar.follow(await jar.fetch(url, BROWSER), { stopAt: callback })
    if (!page.url.startsWith(callback)) page = await signIn(jar, page, sonia, callback)
    if (!page.url.startsWith(callback)) page = await submit(jar, page, { decision: 'allow' }, callback)
    return new URL(page.url)
  }

  async function code(fields: Fields = {}, headers: Headers = {}): Promise<string> {
    const pushed = await push(fields, headers)
    if (pushed.status !== 201) throw new Error(`not pushed: ${pushed.text}`)
    return (await arrive(authorizeUrl(pushed.body.request_uri))).searchParams.get('code') ?? ''
  }

  const redeem = async (given: string, fields: Fields = {}, headers?: Headers) =>
    post(
      '/token',
      {
        grant_type: 'authorization_code',
        code: given,
        redirect_uri: callback,
        code_verifier: verifierAndChallenge.verifier,
        ...fields,
      },
      headers ?? { DPoP: await proof('/token') },
    )

  const refresh = async (token: string, headers?: Headers) =>
    post('/token', { grant_type: 'refresh_token', refresh_token: token }, headers ?? { DPoP: await proof('/token') })

  const userinfo = async (token: string, headers?: Headers) =>
    read(
      fetch(`${issuer}/userinfo`, {
        headers: headers ?? { authorization: `DPoP ${token}`, DPoP: await proof('/userinfo', {}, token) },
      }),
    )

  return {
    id,
    callback,
    key,
    proofKey,
    rsaKey,
    thumbprint: () => calculateJwkThumbprint(proofKey.jwk),
    assertion,
    proof,
    requestObject,
    request,
    post,
    push,
    pushSigned,
    authorizeUrl,
    arrive,
    code,
    redeem,
    refresh,
    userinfo,
  }
}

export type SecureClient = Awaited<ReturnType<typeof registerSecureClient>>
