import { type Client, type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { ACR_VALUES } from '../../clients/acr-values.ts'
import { isAgentPlatform } from '../../clients/agent-platform.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { OWN_MEMBER_NAMES } from '../../clients/client-schema.ts'
import { CONTENT_ENCRYPTIONS, ENCRYPTION_ALGORITHMS } from '../../clients/message-members.ts'
import { isFapi, needsPkce } from '../../clients/security-profile.ts'
import { cookieHome, cookieName } from '../../http/cookie-names.ts'
import { issuerPath } from '../../http/routing/issuer-path.ts'
import { CLAIMS_BY_SCOPE } from '../accounts/claims.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { interactionPolicyFor, promptValues } from '../browser/first-party.ts'
import type { ProtocolPages } from '../browser/pages.ts'
import type { SecondFactorPolicy } from '../browser/step-up.ts'
import { waysOutOf } from '../browser/ways-out.ts'
import { requestSeconds } from '../ciba/feature.ts'
import { assertionFault, audienceFault } from '../clients/client-assertions.ts'
import { allowsOrigin } from '../clients/client-metadata.ts'
import {
  BOUND_TOKENS,
  type MutualTls,
  mutualTlsAliases,
  mutualTlsMethods,
  refuseBoundTokens,
} from '../clients/mutual-tls.ts'
import { REVOCATION_AUTH_METHODS, REVOCATION_PATH } from '../clients/own-resource.ts'
import { familyTtlSeconds, LIFETIMES, refreshTokenTtlSeconds } from '../tokens/lifetimes.ts'

/** Members of our clients beyond those that the library knows. */
const CARRIED_MEMBERS = [...OWN_MEMBER_NAMES, 'document']

const METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const

/** The library's configuration as far as it is fixed: paths, lifetimes, cookies, algorithms, features. */
export function fixedConfiguration({
  issuer,
  cookieKeys,
  pages,
  mutualTls,
  isRegistrationOpen,
  secondFactorPolicy,
  metadata,
}: {
  issuer: string
  cookieKeys: readonly string[]
  pages: ProtocolPages
  mutualTls: MutualTls | undefined
  isRegistrationOpen: boolean
  secondFactorPolicy: SecondFactorPolicy
  /** Members of the server's metadata beyond the library's. */
  metadata: Readonly<Record<string, string | boolean>>
}): Configuration {
  return {
    acrValues: [...ACR_VALUES],
    assertJwtClientAuthClaimsAndHeader: async ({ oidc }, claims) => {
      const fault =
        (isFapi(oidc.client?.security_profile) ? audienceFault(claims, issuer) : undefined) ??
        assertionFault(claims, Math.floor(Date.now() / 1000))
      if (fault) throw new errors.InvalidClientAuth(fault)
    },
    claims: Object.fromEntries(Object.entries(CLAIMS_BY_SCOPE).map(([scope, claims]) => [scope, [...claims]])),
    clientAuthMethods: [...METHODS, ...(mutualTls ? mutualTlsMethods(mutualTls) : [])],
    discovery: {
      ...metadata,
      prompt_values_supported: promptValues({ isRegistrationOpen }),
      global_token_revocation_endpoint: `${issuer}${REVOCATION_PATH}`,
      global_token_revocation_endpoint_auth_methods_supported: REVOCATION_AUTH_METHODS,
      ...(mutualTls && mutualTlsAliases(mutualTls, issuerPath(issuer))),
    },
    clientBasedCORS: (_ctx, origin, client) => allowsOrigin(client, origin),
    clientDefaults: {
      id_token_signed_response_alg: 'RS256',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    cookies: cookies(issuer, cookieKeys),
    enabledJWA: enabledAlgorithms(),
    expiresWithSession: async ({ oidc }, source) => !isAgentPlatform(oidc.client) && endsWithSession(source),
    extraClientMetadata: mutualTls
      ? { properties: CARRIED_MEMBERS }
      : { properties: [...CARRIED_MEMBERS, BOUND_TOKENS], validator: refuseBoundTokens },
    // Google calls the languages by a name of its own.
    extraParams: ['company_user_id', 'user_locale'],
    interactions: {
      policy: interactionPolicyFor({ isRegistrationOpen, secondFactorPolicy }),
      url: (_ctx, { uid, prompt }) =>
        `${issuerPath(issuer)}/interaction/${uid}${prompt.name === 'create' ? '?page=registration' : ''}`,
    },
    // A step of a dialect's sign-in ends with its request.
    issueRefreshToken: async ({ oidc }, client) =>
      client.grantTypeAllowed('refresh_token') && grantFacts(oidc.entities.Grant)?.dialectSession?.step === undefined,
    pkce: { required: (_ctx, client) => requiresPkce(client) },
    renderError: async (ctx, out) => pages.renderError(ctx, out, await waysOutOf(ctx)),
    responseTypes: ['code'],
    routes: {
      authorization: '/authorize',
      backchannel_authentication: '/backchannel',
      code_verification: '/device',
      device_authorization: '/device_authorization',
      end_session: '/logout',
      introspection: '/introspect',
      jwks: '/jwks',
      pushed_authorization_request: '/par',
      revocation: '/revoke',
      token: '/token',
      userinfo: '/userinfo',
    },
    scopes: [...Object.keys(CLAIMS_BY_SCOPE), 'offline_access'],
    subjectTypes: ['public'],
    ttl: lifetimes(),
  }
}

function cookies(issuer: string, keys: readonly string[]): Configuration['cookies'] {
  const home = cookieHome(issuer)
  const options = { signed: true, httpOnly: true, sameSite: 'lax', secure: home.isSecure } as const
  // The library sets these two below the path of one interaction.
  const shortHome = { ...home, path: '/interaction' }
  return {
    keys: [...keys],
    names: {
      session: cookieName('vestibule_session', home),
      interaction: cookieName('vestibule_interaction', shortHome),
      resume: cookieName('vestibule_resume', shortHome),
    },
    long: { ...options, path: home.path },
    short: options,
  }
}

type Started = { readonly kind: string; readonly scopes: ReadonlySet<string> }

/**
 * Signing out ends what was started in that browser, refresh tokens included, unless the person granted
 * `offline_access` (OIDC Core §11). A device was connected by the browser and lives on without it.
 */
function endsWithSession({ kind, scopes }: Started): boolean {
  return kind !== 'DeviceCode' && !scopes.has('offline_access')
}

/** By our members, which the library's client carries. */
function requiresPkce(client: Client): boolean {
  const own = client as Partial<ClientMetadata> // see above
  return needsPkce({ ...own, token_endpoint_auth_method: client.clientAuthMethod })
}

/** Asymmetric only: HS* would derive keys from client secrets, of which only digests are kept. */
function enabledAlgorithms(): Configuration['enabledJWA'] {
  const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
  // The published type takes literals only.
  return {
    clientAuthSigningAlgValues: [...algorithms],
    idTokenSigningAlgValues: [...algorithms],
    introspectionSigningAlgValues: [...algorithms],
    requestObjectSigningAlgValues: [...algorithms],
    authorizationSigningAlgValues: [...algorithms],
    ...encryptionAlgorithms(),
    userinfoSigningAlgValues: [...algorithms],
    dPoPSigningAlgValues: ['ES256', 'EdDSA', 'RS256', 'PS256'],
  } as Configuration['enabledJWA']
}

/** Of answers only, to keys of clients: requests need no encryption on their way, and the server has no key that decrypts. */
function encryptionAlgorithms() {
  const encrypted = ['idToken', 'userinfo', 'introspection', 'authorization']
  const lists = encrypted.flatMap((name) => [
    [`${name}EncryptionAlgValues`, [...ENCRYPTION_ALGORITHMS]],
    [`${name}EncryptionEncValues`, [...CONTENT_ENCRYPTIONS]],
  ])
  return { ...Object.fromEntries(lists), requestObjectEncryptionAlgValues: [], requestObjectEncryptionEncValues: [] }
}

function lifetimes(): Configuration['ttl'] {
  // The library's client carries our members.
  const own = (client: unknown) => (client ?? {}) as ClientMetadata
  const current = (ctx: KoaContextWithOIDC | undefined) => ctx?.oidc?.client
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? LIFETIMES.accessToken,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? LIFETIMES.accessToken,
    AuthorizationCode: LIFETIMES.authorizationCode,
    BackchannelAuthenticationRequest: requestSeconds,
    DeviceCode: LIFETIMES.deviceCode,
    // A grant must never end a session earlier than its refresh token would.
    Grant: (ctx) => familyTtlSeconds(own(current(ctx))) + LIFETIMES.grantMargin,
    IdToken: LIFETIMES.idToken,
    Interaction: LIFETIMES.interaction,
    RefreshToken: (_ctx, token, client) =>
      refreshTokenTtlSeconds(
        own(client),
        Math.floor(Date.now() / 1000) - (token.iiat ?? Math.floor(Date.now() / 1000)),
      ),
    Session: LIFETIMES.session,
  }
}
