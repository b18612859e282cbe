import { randomUUID } from 'node:crypto'
import type { ClientMetadata } from '../clients/client.ts'
import type { ResourceServer } from '../clients/resource-servers.ts'
import { factsOf } from '../http/request-facts.ts'
import { asksForOwnScopes } from '../oauth/clients/own-resource.ts'
import { audienceOf, headerOf, scopesAt } from '../oauth/clients/resource-indicators.ts'
import { ISSUED_AT_MS } from '../oauth/tokens/found-token.ts'
import { machineTokenTtlSeconds } from '../oauth/tokens/lifetimes.ts'
import type { NoteIssuance } from '../oauth/tokens/note-issuance.ts'
import type { AccessTokenSigner } from '../oauth/tokens/sign-access-token.ts'
import { wantedClaims } from '../oauth/tokens/wanted-claims.ts'
import type { ProveClient } from './client-proof.ts'
import { type Asking, TOKEN_ANSWER } from './endpoint.ts'
import { mayHavePlainTokens, takesPlainTokens } from './plain-client.ts'
import { CLIENT_FIELDS } from './rule.ts'

const GRANT_TYPE = 'client_credentials'
const SCOPES = /^[\w.:/-]+(?: [\w.:/-]+)*$/

export type ClientCredentialsDeps = {
  readonly issuer: string
  /** DEFAULT_RESOURCE. */
  readonly defaultResource: string
  readonly proveClient: ProveClient
  /** A resource server that this node knows already. */
  readonly peekResourceServer: (identifier: string) => ResourceServer | undefined
  readonly signer: AccessTokenSigner
  readonly noteIssuance: NoteIssuance
}

/** A client's own token (RFC 6749 §4.4), as a JWT for the resource server that it uses when it names none. */
export function fastClientCredentials(deps: ClientCredentialsDeps): Asking {
  const { issuer, defaultResource, proveClient, peekResourceServer, signer, noteIssuance } = deps
  return {
    rule: { method: 'POST', paths: ['/token'] },
    form: { fixed: { grant_type: GRANT_TYPE }, required: [], optional: ['scope', ...CLIENT_FIELDS] },
    route: 'token',
    async answer(request) {
      const client = proveClient(request)?.metadata
      if (!client || !mayHavePlainTokens(client, GRANT_TYPE)) return undefined
      const isOwn = asksForOwnScopes(request.form.scope)
      const server = peekResourceServer(isOwn ? issuer : (client.default_resource ?? defaultResource))
      if (!server?.hasMachineTokens || !takesPlainTokens(client, server, signer)) return undefined
      const scope = grantedScope(client, server, request.form.scope)
      if (scope === undefined) return undefined

      const nowMs = Date.now()
      const issuedAt = Math.floor(nowMs / 1000)
      const lifetime = machineTokenTtlSeconds(client, server)
      const [jti, clientId, expiresAt] = [randomUUID(), client.client_id, issuedAt + lifetime]
      const value = await signer.sign(headerOf(server), {
        [ISSUED_AT_MS]: nowMs,
        jti,
        sub: clientId,
        iat: issuedAt,
        exp: expiresAt,
        scope: scope || undefined,
        client_id: clientId,
        iss: issuer,
        aud: audienceOf(server),
        ...wantedClaims(server, issuedAt),
      })

      const { state, ip } = request
      factsOf(request).grantType = GRANT_TYPE
      noteIssuance({
        grantType: GRANT_TYPE,
        clientId,
        ip,
        requestId: state.requestId,
        records: () => [{ kind: 'client-credentials', tokenId: jti, clientId, issuedAtMs: nowMs, expiresAt }],
      })
      const answer = { access_token: value, expires_in: lifetime, scope: scope || undefined, token_type: 'Bearer' }
      return { headers: TOKEN_ANSWER, body: JSON.stringify(answer) }
    },
  }
}

/** The scopes asked for that the client has at the resource server; undefined where the engine should look at them. */
function grantedScope(client: ClientMetadata, server: ResourceServer, asked: string | undefined): string | undefined {
  if (asked === undefined) return ''
  // A list of its own says which scopes of a person a client may name; for itself it has none of them.
  if (client.scope !== undefined || !SCOPES.test(asked)) return undefined
  const there = scopesAt(client, server, { isMachine: true })
  return [...new Set(asked.split(' '))].filter((scope) => there.includes(scope)).join(' ')
}
