import { errors, type KoaContextWithOIDC, type ResourceServer as LibraryResourceServer } from 'oidc-provider'
import { accessTokenFormatOf } from '../../clients/agent-platform.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { isOffered } from '../../clients/offered-scopes.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { isFapi } from '../../clients/security-profile.ts'
import { mayAskAsStranger } from '../../clients/third-parties.ts'
import type { SigningKey } from '../../keys/signing-key.ts'
import type { Log } from '../../log.ts'
import { IDENTITY_SCOPES, PERSON_SCOPES } from '../accounts/claims.ts'
import { matchesAny } from '../tokens/introspection.ts'
import { machineTokenTtlSeconds } from '../tokens/lifetimes.ts'
import { asksForOwnScopes } from './own-resource.ts'

type ResourceDeps = {
  /** The identifier of the resource server that tokens are for when neither the request nor the client names one. */
  readonly defaultResource: string
  /** Of requests for the scopes of this server itself. */
  readonly issuer: string
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly keys: readonly Pick<SigningKey, 'algorithm'>[]
  readonly log: Pick<Log, 'error'>
}

/** A client of the library, with a member of ours that it carries along. */
type LibraryClient = { readonly clientId: string; readonly default_resource?: string }

/** Resource indicators (RFC 8707): which services a token is for, and what it looks like there. */
export function createResourceIndicators(deps: ResourceDeps) {
  const { defaultResource, issuer, findResourceServer, findClient, keys, log } = deps
  const served = new Set(keys.map(({ algorithm }) => algorithm))

  /** @throws where no key signs so: the library would answer that with an error of ours. */
  function servedAlgorithm(server: ResourceServer): string {
    const algorithm = algorithmOf(server)
    if (served.has(algorithm)) return algorithm
    log.error({ event: 'resource-server.algorithm-missing', resourceServer: server.identifier, algorithm })
    throw new errors.InvalidTarget('this resource server needs an algorithm that has no signing key')
  }

  return {
    enabled: true,
    async defaultResource(ctx: KoaContextWithOIDC, client: LibraryClient, oneOf?: string[]): Promise<string> {
      const { grant_type: grantType, scope } = ctx.oidc.params ?? {}
      const isOwn = grantType === 'client_credentials' && asksForOwnScopes(scope as string | undefined) // as it was sent
      const wanted = isOwn ? issuer : (client.default_resource ?? defaultResource)
      return oneOf?.includes(wanted) === false ? String(oneOf[0]) : wanted
    },
    useGrantedResource: async (): Promise<boolean> => true,

    async getResourceServerInfo(
      ctx: KoaContextWithOIDC,
      identifier: string,
      client: LibraryClient,
    ): Promise<LibraryResourceServer> {
      const server = await findResourceServer(identifier)
      const metadata = await findClient(client.clientId)
      // Third-party clients are not told that a resource server exists that is not for them.
      if (!server || !metadata || !mayUse(metadata, server))
        throw new errors.InvalidTarget('there is no such resource server')
      const isMachine = ctx.oidc.params?.grant_type === 'client_credentials'
      if (isMachine && !server.hasMachineTokens) {
        throw new errors.InvalidTarget('this resource server gives clients no tokens of their own')
      }
      if (isFapi(metadata.security_profile) && server.format !== 'opaque' && algorithmOf(server) === 'RS256')
        throw new errors.InvalidTarget(
          'the tokens of this resource server are signed with RS256, which FAPI 2.0 does not take',
        )
      // The published type asks for members of formats that are not used.
      return {
        scope: scopesAt(metadata, server, { isMachine }).join(' '),
        audience: audienceOf(server),
        accessTokenTTL: machineTokenTtlSeconds(metadata, server),
        ...(accessTokenFormatOf(metadata, server) === 'opaque'
          ? { accessTokenFormat: 'opaque' }
          : { accessTokenFormat: 'jwt', jwt: { sign: { alg: servedAlgorithm(server) } } }),
      } as LibraryResourceServer
    },
  }
}

/** Whether a client may have tokens for a resource server at all. */
export function mayUse(client: ClientMetadata, server: ResourceServer): boolean {
  return isOffered(server) || isOfShop(client, server)
}

/** How tokens for a resource server are signed. */
export function algorithmOf({ algorithm = 'ES256' }: ResourceServer): SigningKey['algorithm'] {
  return algorithm
}

/** The `typ` of a resource server's JWTs, and their algorithm. */
export function headerOf(server: ResourceServer): {
  readonly typ: string
  readonly algorithm: SigningKey['algorithm']
} {
  return { typ: server.token_typ ?? 'at+jwt', algorithm: algorithmOf(server) }
}

/** What tokens for a resource server say as `aud`. */
export function audienceOf({ audience, identifier }: ResourceServer): string {
  return audience ?? identifier
}

/** The scopes that a client can have at a resource server, for people who use it or for itself. */
export function scopesAt(
  client: ClientMetadata,
  server: ResourceServer,
  { isMachine }: { readonly isMachine: boolean },
): readonly string[] {
  const scopes = [...PERSON_SCOPES, ...scopesFor(client, server, isMachine)]
  return isMachine ? scopes.filter((scope) => !IDENTITY_SCOPES.includes(scope)) : scopes
}

function isOfShop({ client_id: clientId, first_party: isFirstParty }: ClientMetadata, { ownClient }: ResourceServer) {
  return isFirstParty === true || clientId === ownClient
}

/**
 * What a client may ask of a resource server: all of its scopes, or those among them that the client was given. Rights over
 * everybody are for tokens of a client's own, and of clients that were given them by name.
 */
function scopesFor(
  client: ClientMetadata,
  { scopes, machineScopes = [] }: ResourceServer,
  isMachine: boolean,
): readonly string[] {
  const { resource_scopes: given } = client
  return scopes.filter((scope) => {
    if (!mayAskAsStranger(client, scope)) return false
    // A pattern was written for what there was then, and names no right over everybody.
    if (machineScopes.includes(scope)) return isMachine && given?.includes(scope) === true
    return given === undefined || matchesAny(given, [scope])
  })
}
