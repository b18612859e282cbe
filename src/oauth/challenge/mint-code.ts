import { createSecretKey, hash, type KeyObject } from 'node:crypto'
import type { Provider, TokenEndpointGrantContext } from 'oidc-provider'
import { resolveRequestedResources, validateClientScope } from 'oidc-provider/lib/helpers/grants.js'
import { sealUnder, unsealUnder } from '../../storage/seal.ts'
import { type CustomerAccount, choiceOf } from '../accounts/account.ts'
import { acrDemandOf, saidAcr, strengthOf } from '../accounts/acr.ts'
import { withFacts } from '../accounts/grant-facts.ts'
import { newCodeWith, newIdOf, storeAlso } from '../library-values.ts'
import type { Round } from './session-record.ts'
import type { LivePerson } from './sign-in.ts'

/**
 * What codes of this endpoint have in the place of a redirect. It is no address: no client can register it, and a code that went
 * through a browser never has it.
 */
export const NO_REDIRECT = 'no redirect: the app asked'

const SEALED = 'sealedAuthSession'

/** Has codes keep the `auth_session` that the token answer repeats, sealed under the code itself. */
export function keepAuthSessions({ AuthorizationCode }: Provider): void {
  storeAlso(AuthorizationCode, [SEALED])
}

/** A code that is about to be issued. */
export type PreparedCode = {
  readonly grantId: string
  /** Stores grant and code; the code's value. `authSession` is what the app goes on with, if anything. */
  issue(authSession: string | undefined): Promise<string>
}

/** What a code is made of. */
export type CodeParts = {
  readonly account: CustomerAccount
  readonly person: LivePerson
  readonly round: Round
  readonly jkt?: string | undefined
}

/**
 * Prepares an ordinary authorization code for the app that asked: one use, sixty seconds, bound to its client, PKCE and the key that
 * was proved. First-party apps are granted what they ask for.
 */
export async function prepareCode(ctx: TokenEndpointGrantContext, parts: CodeParts): Promise<PreparedCode> {
  const { provider, client } = ctx.oidc
  const { account, person, round, jkt } = parts
  const { accountId } = account
  Object.assign(ctx.oidc.params ?? {}, { scope: round.scope, resource: round.resource })
  const [server] = await resolveRequestedResources(provider, ctx)
  const scopes = [...validateClientScope(provider, ctx)]
  const scope = scopes.join(' ')
  const claims = claimsOf(round)

  const companyUserId = choiceOf(account)
  const grant = withFacts(new provider.Grant({ accountId, clientId: client.clientId }), {
    createdAtMs: person.proof.madeAtMs,
    ...(companyUserId !== undefined && { companyUserId }),
  })
  grant.jti = newIdOf(grant)
  if (scope !== '') grant.addOIDCScope(scope)
  const asked = [...Object.keys(claims.userinfo ?? {}), ...Object.keys(claims.id_token ?? {})]
  if (asked.length > 0) grant.addOIDCClaims(asked)
  if (server) {
    const there = scopes.filter((name) => server.scopes.has(name))
    grant.addResourceScope(server.identifier(), there.join(' '))
  }
  const { amr } = person
  const acr = saidAcr(strengthOf({ amr }), acrDemandOf({ acr_values: round.acrValues, claims: round.claims }))
  const code = newCodeWith(provider, {
    accountId,
    client,
    grantId: grant.jti,
    redirectUri: NO_REDIRECT,
    ...(server && { resource: server.identifier() }),
    ...(scope !== '' && { scope }),
    ...(Object.keys(claims).length > 0 && { claims }),
    ...(round.nonce !== undefined && { nonce: round.nonce }),
    amr: [...amr],
    ...(acr !== undefined && { acr }),
    authTime: Math.floor(person.provedAtMs / 1000),
    ...(round.codeChallenge && { codeChallenge: round.codeChallenge, codeChallengeMethod: 'S256' }),
    ...(jkt !== undefined && { dpopJkt: jkt }),
  })
  code.jti = newIdOf(code)
  return {
    grantId: grant.jti,
    async issue(authSession) {
      if (authSession !== undefined) Object.assign(code, { [SEALED]: seal(code.jti, authSession) })
      // What is stored with the code says whose grant it is.
      ctx.oidc.entity('Account', account)
      ctx.oidc.entity('Grant', grant)
      const [value] = await Promise.all([code.save(), grant.save()])
      return value
    },
  }
}

/** The `auth_session` that came with a code; undefined where none did. */
export function authSessionOf(code: object | undefined): string | undefined {
  const { jti, [SEALED]: sealed } = (code ?? {}) as { jti?: string; [SEALED]?: string } // ours, beside the library's fields
  return jti !== undefined && sealed !== undefined ? unsealUnder(keyOf(jti), SEALED, sealed) : undefined
}

type Claims = { userinfo?: Record<string, unknown>; id_token?: Record<string, unknown> }

/** What the ID token has to say, as the library notes it of a request to the authorization endpoint. */
function claimsOf({ claims, acrValues, freshAfterMs }: Round): Claims {
  const asked = claims === undefined ? {} : (JSON.parse(claims) as Claims) // checked when the round began
  const idToken = {
    ...asked.id_token,
    ...(freshAfterMs !== undefined && { auth_time: { essential: true } }),
    ...(acrValues !== undefined && { acr: { values: acrValues.split(' ') } }),
  }
  return { ...asked, ...(Object.keys(idToken).length > 0 && { id_token: idToken }) }
}

function seal(code: string, authSession: string): string {
  return sealUnder(keyOf(code), SEALED, authSession)
}

/** A code has enough that is random for one hash to make a key of it, which its digest in storage says nothing of. */
function keyOf(code: string): KeyObject {
  return createSecretKey(hash('sha256', `key to the auth_session of ${code}`, 'buffer'))
}
