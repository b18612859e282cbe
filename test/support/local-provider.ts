import { hash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose'

/** Whose habits the provider has. */
export type ProviderKind = 'oidc' | 'google' | 'apple' | 'entra'

type Claims = Record<string, unknown>
type Signed = { claims: Claims; header: { alg: string; kid?: string; typ?: string } }

export type LocalProvider = {
  /** What an upstream is configured with. */
  readonly issuer: string
  /** `iss` of its tokens. */
  readonly tokenIssuer: string
  readonly clientId: string
  readonly secret: string
  /** Claims of the person who signs in next, with `sub`. */
  person: Claims
  /** Apple's `user`, which it sends once. */
  user: string | undefined
  /** Answers the next authorization request with this error. */
  error: string | undefined
  /** Changes the ID token of the next answer: its claims, its header, or the finished text. */
  alter: { signed?: (signed: Signed) => void; token?: (token: string, publicKey: JWK) => string } | undefined
  /** Adds or replaces parameters of the answer to the callback. */
  answer: Record<string, string | undefined>
  /** Members of the metadata that are other than usual. */
  metadata: Claims
  /** What takes the place of an answer, by path. */
  readonly replies: Map<string, (request: IncomingMessage, response: ServerResponse) => void>
  /** Authorization requests, oldest first. */
  readonly asked: URLSearchParams[]
  /** How the client proved itself at the token endpoint, last. */
  proof: { authorization: string | undefined; fields: URLSearchParams } | undefined
  /** Paths that were asked for. */
  readonly paths: string[]
  userinfo: Claims | undefined
  /** A signed token with these claims, as a logout token has. */
  sign(claims: Claims, header?: Claims): Promise<string>
  readonly publicKey: JWK
  stop(): Promise<void>
}

const TENANT = '3b9c0f6e-5f2a-4c1d-9e77-1d2c3b4a5f60'
const ISSUERS: Readonly<Record<ProviderKind, string>> = {
  oidc: '',
  google: '',
  apple: '',
  entra: '/organizations/v2.0',
}

/** The tenant that people of the provider `entra` belong to unless their claims say another. */
export const LOCAL_TENANT = TENANT

/** An OpenID provider on a free port of loopback that behaves as those of a kind do. Everybody signs in at once. */
export async function startLocalProvider(kind: ProviderKind = 'oidc'): Promise<LocalProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const codes = new Map<string, { params: URLSearchParams; claims: Claims }>()
  const tokens = new Map<string, Claims>()
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = origin + ISSUERS[kind]
  const isTenanted = kind === 'entra'

  const provider: LocalProvider = {
    issuer,
    tokenIssuer: isTenanted ? `${origin}/${TENANT}/v2.0` : issuer,
    clientId: 'our-shop',
    secret: 'the secret of our shop',
    person: { sub: 'person-1' },
    user: undefined,
    error: undefined,
    alter: undefined,
    answer: {},
    metadata: {},
    replies: new Map(),
    asked: [],
    proof: undefined,
    paths: [],
    userinfo: undefined,
    publicKey: publicJwk,
    sign: (claims, header = {}) =>
      new SignJWT({ iss: provider.tokenIssuer, aud: provider.clientId, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
        .sign(privateKey),
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }

  const json = (response: ServerResponse, body: object, status = 200) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(String(request.url), origin)
    provider.paths.push(url.pathname)
    const reply = provider.replies.get(url.pathname)
    if (reply) return reply(request, response)
    if (url.pathname.endsWith('/.well-known/openid-configuration')) return void json(response, metadataOf())
    if (url.pathname === '/jwks') return void json(response, { keys: [publicJwk] })
    if (url.pathname === '/authorize') return authorize(url.searchParams, response)
    if (url.pathname === '/token') return token(request, response)
    if (url.pathname === '/userinfo') return void json(response, provider.userinfo ?? provider.person)
    if (url.pathname === '/end-session') {
      const next = new URL(String(url.searchParams.get('post_logout_redirect_uri')))
      next.searchParams.set('state', String(url.searchParams.get('state')))
      return void response.writeHead(302, { location: next.href }).end()
    }
    response.writeHead(404).end()
  }

  function metadataOf(): object {
    return {
      issuer: isTenanted ? `${origin}/{tenantid}/v2.0` : issuer,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      jwks_uri: `${origin}/jwks`,
      userinfo_endpoint: `${origin}/userinfo`,
      end_session_endpoint: `${origin}/end-session`,
      ...provider.metadata,
    }
  }

  function authorize(params: URLSearchParams, response: ServerResponse): void {
    provider.asked.push(params)
    const target = new URL(String(params.get('redirect_uri')))
    const code = randomBytes(16).toString('base64url')
    codes.set(code, { params, claims: provider.person })
    const isForm = params.get('response_mode') === 'form_post'
    const wantsName = /\b(name|email)\b/.test(String(params.get('scope')))
    if (kind === 'apple' && wantsName && !isForm)
      return void response.writeHead(400).end('response_mode is not form_post')
    const fields = {
      ...(provider.error === undefined ? { code } : { error: provider.error }),
      state: params.get('state'),
      ...(isForm && provider.user !== undefined && { user: provider.user }),
      ...provider.answer,
    }
    provider.user = undefined
    provider.error = undefined
    const given = Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === 'string')
    if (isForm) {
      const inputs = given.map(([name, value]) => `<input name="${name}" value="${value.replaceAll('"', '&quot;')}">`)
      response.setHeader('content-type', 'text/html')
      return void response.end(`<form method="post" action="${target.href}">${inputs.join('')}</form>`)
    }
    for (const [name, value] of given) target.searchParams.set(name, value)
    response.writeHead(302, { location: target.href }).end()
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fields = new URLSearchParams(await text(request))
    provider.proof = { authorization: request.headers.authorization, fields }
    const code = String(fields.get('code'))
    const issued = codes.get(code)
    codes.delete(code)
    const challenge = hash('sha256', String(fields.get('code_verifier')), 'base64url')
    const isRight =
      issued?.params.get('code_challenge') === challenge &&
      issued.params.get('redirect_uri') === fields.get('redirect_uri') &&
      (await isProved(fields, request.headers.authorization))
    if (!issued || !isRight) return void json(response, { error: 'invalid_grant' }, 400)
    const accessToken = randomBytes(16).toString('base64url')
    tokens.set(accessToken, issued.claims)
    const now = Math.floor(Date.now() / 1000)
    const signed: Signed = {
      claims: {
        iss: provider.tokenIssuer,
        aud: provider.clientId,
        iat: now,
        exp: now + 300,
        nonce: issued.params.get('nonce'),
        at_hash: halfHash(accessToken),
        ...(isTenanted && { tid: TENANT }),
        ...issued.claims,
      },
      header: { alg: 'RS256', kid: 'one' },
    }
    const { alter } = provider
    provider.alter = undefined
    alter?.signed?.(signed)
    const idToken = await new SignJWT(signed.claims).setProtectedHeader(signed.header).sign(privateKey)
    json(response, {
      access_token: accessToken,
      token_type: 'Bearer',
      id_token: alter?.token?.(idToken, publicJwk) ?? idToken,
    })
  }

  /** As the kind wants it: Apple a JWT by the team's key, the others the secret. */
  async function isProved(fields: URLSearchParams, authorization: string | undefined): Promise<boolean> {
    if (kind === 'apple') {
      const { appleKey } = provider as LocalProvider & { appleKey?: JWK } // a test sets it
      if (!appleKey) return false
      const keys = createLocalJWKSet({ keys: [appleKey] })
      const proved = await jwtVerify(String(fields.get('client_secret')), keys, {
        algorithms: ['ES256'],
        audience: issuer,
        subject: provider.clientId,
        issuer: 'TEAM123456',
      }).catch(() => undefined)
      return proved !== undefined
    }
    const basic = `Basic ${Buffer.from(`${provider.clientId}:${encodeURIComponent(provider.secret).replaceAll('%20', '+')}`).toString('base64')}`
    return fields.get('client_secret') === provider.secret || authorization === basic
  }

  return provider
}

function halfHash(value: string): string {
  return hash('sha256', value, 'buffer').subarray(0, 16).toString('base64url')
}
