import { hash, randomBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import { type ResolvedUpstream, resolveUpstream } from '../kinds.ts'
import type { UsableUpstream } from '../registry.ts'
import { exchangeCode, readUserinfo } from './exchange.ts'
import { createKeySets } from './key-sets.ts'
import { createFindMetadata, type UpstreamMetadata } from './metadata.ts'
import { UpstreamError } from './upstream-error.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  type LogoutNotice,
  type RevocationProof,
  type TokenCheck,
  verifyIdToken,
  verifyLogoutToken,
  verifyRevocationToken,
} from './verify-token.ts'

/** What is kept of a request to a provider until its answer comes. */
export type UpstreamRequest = {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly redirectUri: string
  /** Epoch seconds: a sign-in of before at the provider is not enough. */
  readonly freshSince?: number | undefined
}

export type BeginOptions = {
  readonly redirectUri: string
  /** The address of the person, if it was typed. */
  readonly loginHint?: string | undefined
  /** Whether a sign-in of before at the provider is not enough. */
  readonly isFresh?: boolean
  readonly uiLocales?: readonly string[]
}

/** What the provider's answer came to. */
export type UpstreamSignIn = {
  readonly identity: ForeignIdentity
  /** The session at the provider, where it says. */
  readonly sid: string | undefined
  /** How the person signed in there, as far as that is believed (RFC 8176). */
  readonly amr: readonly string[]
}

/** An answer as it comes to the callback (RFC 6749 §4.1.2, RFC 9207). */
export type UpstreamAnswer = { readonly code: string; readonly iss?: string | undefined }

export type UpstreamProtocol = ReturnType<typeof createUpstreamProtocol>

const random = () => randomBytes(32).toString('base64url')

/** The other side of OpenID Connect: this server as the client of a provider. */
export function createUpstreamProtocol({ fetch }: { readonly fetch: GuardedFetch }) {
  const findMetadata = createFindMetadata(fetch)
  const findKeySet = createKeySets({ fetch })

  async function open({ upstream: stored }: UsableUpstream) {
    const upstream = resolveUpstream(stored)
    return { upstream, metadata: await findMetadata(upstream) }
  }

  function checkOf(upstream: ResolvedUpstream, { issuer, jwks_uri }: UpstreamMetadata): TokenCheck {
    return { upstream, issuer, keys: findKeySet(jwks_uri) }
  }

  return {
    /** The metadata of a provider, to see whether it can be used. @throws {UpstreamError} */
    look: async (usable: UsableUpstream): Promise<UpstreamMetadata> => (await open(usable)).metadata,

    /** Where the person is sent, and what is kept until they return. @throws {UpstreamError} */
    async begin(usable: UsableUpstream, options: BeginOptions): Promise<{ url: string; request: UpstreamRequest }> {
      const { upstream, metadata } = await open(usable)
      const { redirectUri, loginHint, isFresh = false, uiLocales = [] } = options
      const request = {
        state: random(),
        nonce: random(),
        codeVerifier: random(),
        redirectUri,
        ...(isFresh && { freshSince: Math.floor(Date.now() / 1000) }),
      }
      const url = new URL(metadata.authorization_endpoint)
      const parameters = {
        response_type: 'code',
        client_id: upstream.clientId,
        redirect_uri: redirectUri,
        scope: upstream.scope,
        state: request.state,
        nonce: request.nonce,
        code_challenge: hash('sha256', request.codeVerifier, 'base64url'),
        code_challenge_method: 'S256',
        ...upstream.parameters,
        ...(loginHint && { login_hint: loginHint }),
        ...(isFresh && { prompt: upstream.freshPrompt, max_age: '0' }),
        ...(uiLocales.length > 0 && { ui_locales: uiLocales.join(' ') }),
      }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return { url: url.href, request }
    },

    /** Who signed in, by the answer to a request of ours. @throws {UpstreamError} */
    async finish(usable: UsableUpstream, request: UpstreamRequest, answer: UpstreamAnswer): Promise<UpstreamSignIn> {
      const { upstream, metadata } = await open(usable)
      checkIssuer(answer, metadata)
      const { code } = answer
      const exchange = { upstream, secret: usable.secret(), metadata }
      const { idToken, accessToken } = await exchangeCode(fetch, exchange, { ...request, code })
      const { nonce } = request
      const claims = await verifyIdToken(idToken, checkOf(upstream, metadata), { nonce, accessToken })
      const refusal = upstream.refusal(claims) ?? staleness(claims, request)
      if (refusal) throw new UpstreamError('id-token', refusal)
      const { sub: subject, iss, sid } = claims
      // Address, and whether it is verified, come from the same place.
      const person = claims.email === undefined ? await readUserinfo(fetch, metadata, { subject, accessToken }) : claims
      const email = upstream.emailOf(person)
      return {
        identity: {
          upstreamId: upstream.id,
          issuer: issuerOf(upstream, metadata, iss),
          subject,
          ...(email && { email }),
          ...nameIn({ ...claims, ...person }),
        },
        sid: typeof sid === 'string' ? sid : undefined,
        amr: upstream.amrOf(claims),
      }
    },

    /** Whose sign-in the provider ended, by a logout token. @throws {UpstreamError} */
    async readLogoutToken(usable: UsableUpstream, token: string): Promise<LogoutNotice> {
      const { upstream, metadata } = await open(usable)
      const notice = await verifyLogoutToken(token, checkOf(upstream, metadata))
      return { ...notice, issuer: issuerOf(upstream, metadata, notice.issuer) }
    },

    /** Whether a JWT for this server's Global Token Revocation endpoint is the provider's. @throws {UpstreamError} */
    async readRevocationToken(usable: UsableUpstream, token: string, endpoint: string): Promise<RevocationProof> {
      const { upstream, metadata } = await open(usable)
      const proof = await verifyRevocationToken(token, checkOf(upstream, metadata), endpoint)
      return { ...proof, issuer: issuerOf(upstream, metadata, proof.issuer) }
    },

    /** Where a person is sent to sign out there as well; undefined where the provider has no such address. */
    async signOutUrl(usable: UsableUpstream, returnTo: { uri: string; state: string }): Promise<string | undefined> {
      const { upstream, metadata } = await open(usable)
      if (metadata.end_session_endpoint === undefined) return undefined
      const url = new URL(metadata.end_session_endpoint)
      url.searchParams.set('client_id', upstream.clientId)
      url.searchParams.set('post_logout_redirect_uri', returnTo.uri)
      url.searchParams.set('state', returnTo.state)
      return url.href
    },
  }
}

/** A provider that says when the person signed in must not answer with a sign-in of before; some do not say. */
function staleness({ auth_time }: JWTPayload, { freshSince }: UpstreamRequest): string | undefined {
  if (freshSince === undefined || typeof auth_time !== 'number') return undefined
  return auth_time < freshSince - CLOCK_TOLERANCE_SECONDS ? 'the sign-in there is from before' : undefined
}

/** RFC 9207 §2.4: an answer of another provider must not be sent to this one's token endpoint (mix-up). */
function checkIssuer({ iss }: UpstreamAnswer, metadata: UpstreamMetadata): void {
  const isNeeded = metadata.authorization_response_iss_parameter_supported === true
  if (iss === undefined ? isNeeded : !isSameIssuer(iss, metadata.issuer))
    throw new UpstreamError('authorization', iss === undefined ? 'iss is missing' : 'iss is another issuer')
}

/** With tenants, the tenant is known by the token alone, whose issuer is compared in whole. */
function isSameIssuer(iss: string, issuer: string): boolean {
  const [before = '', after] = issuer.split('{tenantid}')
  return after === undefined ? iss === issuer : iss.startsWith(before) && iss.endsWith(after)
}

/** One spelling for the issuer of a person, however tokens write it. */
function issuerOf(upstream: ResolvedUpstream, { issuer }: UpstreamMetadata, iss: string | undefined): string {
  // With tenants each is an issuer of its own.
  return issuer.includes('{tenantid}') || iss === undefined ? (iss ?? upstream.issuer) : issuer
}

function nameIn({ given_name, family_name }: Readonly<Record<string, unknown>>) {
  return {
    ...(typeof given_name === 'string' && { givenName: given_name }),
    ...(typeof family_name === 'string' && { familyName: family_name }),
  }
}
