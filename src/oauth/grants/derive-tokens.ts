import { type AccessToken, errors, type Grant, type RefreshToken, type TokenEndpointGrantContext } from 'oidc-provider'
import {
  applyRefreshTokenBindings,
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  shouldIssueRefreshToken,
  validateClientScope,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import { requestState } from '../../http/request-state.ts'
import { choiceOf, type PersonAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { authenticationIn, tellAuthentication } from '../accounts/authentication.ts'
import { mayHaveScope } from '../accounts/claims.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { asSource, newAccessToken, newGrantWith, newRefreshToken } from '../library-values.ts'
import { keepToScopePolicies } from '../requests/scope-policies.ts'
import { newGrant } from '../tokens/issue-tokens.ts'
import type { Subject } from './subject-token.ts'
import { type DeriveDeps, withinSupport } from './support-limits.ts'

/** What comes of a person's access token. */
export type Derivation = {
  readonly subject: Subject
  /** Who goes on: the same person, or a customer whom an agent acts for. */
  readonly account: PersonAccount
  readonly grantType: string
  /** Scopes that follow from the grant type itself. All others must be those of the subject token. */
  readonly gives?: readonly string[]
  /** Epoch seconds, where it is not the end of the subject token. */
  readonly endsAt?: number
  /** Called once everything else is in order and before anything is stored; what it returns is called when all is. */
  readonly begin?: (issue: Issue) => Promise<() => Promise<void>>
}

/** What is about to be issued. */
export type Issue = { readonly grantId: string; readonly scopes: readonly string[]; readonly resource: string }

/**
 * What every grant ends in that takes a person's access token: an access token that is worth no more than it. It has
 * no other scopes, hangs from the same grant, and ends no later. One for another person hangs from a grant of its own,
 * which ends with the first. There is no ID token, and no refresh token, but where a dialect's answer must have one:
 * that one ends when the subject token does.
 */
export async function deriveTokens(
  { storage, limitSupportScopes }: DeriveDeps,
  ctx: TokenEndpointGrantContext,
  derivation: Derivation,
): Promise<void> {
  const { provider, client } = ctx.oidc
  if (!client) throw new Error('tokens are issued to an authenticated client')
  const { subject, account, grantType, endsAt = subject.endsAt } = derivation
  const dPoP = await validateDpop(provider, ctx)
  const certificate = checkMtlsCert(provider, ctx)
  checkDpopRequired(provider, ctx, dPoP)
  const scopes = withinSupport(ctx, { account, scopes: scopesOf(ctx, derivation) }, limitSupportScopes)
  await checkDpopReplay(provider, ctx, dPoP, client.clientId, errors.InvalidGrant)

  const isSame = isSamePerson(derivation)
  // Of a customer whom an agent acts for: the customer did not sign in.
  tellAuthentication(ctx, isSame ? authenticationIn(subject.token.claims) : {})
  const grant = isSame ? grantOf(ctx, derivation) : childGrant(ctx, derivation, scopes)
  ctx.oidc.entity('Account', account)
  ctx.oidc.entity('Grant', grant)

  const { resourceServer } = subject
  const scope = scopes.join(' ')
  const source = { accountId: account.accountId, client, grantId: grant.jti, gty: grantType }
  const accessToken = newAccessToken(provider, { ...source, scope, resourceServer })
  await keepToScopePolicies(ctx, accessToken)
  const given = [...accessToken.scopes].filter(Boolean)
  const settle = await derivation.begin?.({ grantId: grant.jti, scopes: given, resource: resourceServer.identifier() })
  const leftSeconds = secondsUntil(endsAt)
  if (!isSame) Object.assign(grant, { expiresIn: leftSeconds })
  Object.assign(accessToken, { expiresIn: Math.min(accessToken.expiration, leftSeconds) })
  if (certificate) accessToken.setThumbprint('x5t', certificate)
  if (dPoP) accessToken.setThumbprint('jkt', dPoP.thumbprint)
  ctx.oidc.entity('AccessToken', accessToken)
  const refreshToken = await boundedRefreshToken(ctx, accessToken, { ...source, scope, endsAt })
  const [accessTokenValue, refreshTokenValue] = await Promise.all([
    accessToken.save(),
    refreshToken?.save(),
    isSame ? storage.extend('Grant', grant.jti, accessToken.expiration) : grant.save(),
  ])
  await settle?.()
  ctx.body = buildTokenResponse(provider, {
    accessToken: accessTokenValue,
    expiresIn: accessToken.expiration,
    refreshToken: refreshTokenValue,
    scope: accessToken.scope || undefined,
    tokenType: accessToken.tokenType,
  })
}

/** What is asked for, if the subject token has it; else everything that the subject token has and the grant type gives. */
function scopesOf(ctx: TokenEndpointGrantContext, derivation: Derivation): string[] {
  const { subject, gives = [] } = derivation
  const { client, provider, params } = ctx.oidc
  const held = (subject.token.scope ?? '').split(' ').filter(Boolean)
  const isKnown = (scope: string) => subject.resourceServer.scopes.has(scope)
  if (params?.scope === undefined) {
    const all = isSamePerson(derivation) ? [...held, ...gives] : gives
    return [...new Set(all)].filter((scope) => isKnown(scope) && mayHaveScope(client?.scope, scope))
  }
  const requested = [...validateClientScope(provider, ctx)]
  const beyond = requested.filter((scope) => !held.includes(scope) && !gives.includes(scope))
  if (beyond.length > 0) throw new errors.InvalidScope('the subject token does not have every scope', beyond.join(' '))
  return requested.filter(isKnown)
}

function isSamePerson({ subject, account }: Derivation): boolean {
  return subject.account.accountId === account.accountId
}

/** The grant of the subject token, as the new token has it. It is not stored: it may have been revoked meanwhile. */
function grantOf(ctx: TokenEndpointGrantContext, { subject, account }: Derivation): Grant {
  const { token, grant } = subject
  const shared = newGrantWith(ctx.oidc.provider, { ...grant, jti: token.grantId })
  return Object.assign(shared, {
    companyUserId: isAgentAccount(account) ? undefined : choiceOf(account),
    parentGrantId: token.parentGrantId,
  })
}

/** A grant for another person, which is dead once that of the subject token is. */
function childGrant(
  ctx: TokenEndpointGrantContext,
  { subject, account }: Derivation,
  scopes: readonly string[],
): Grant {
  const proved = { account, provedAtMs: subject.judgedAtMs }
  const grant = newGrant(ctx, proved, subject.resourceServer, new Set(scopes))
  return Object.assign(grant, { parentGrantId: subject.token.grantId })
}

async function boundedRefreshToken(
  ctx: TokenEndpointGrantContext,
  accessToken: AccessToken,
  source: { readonly endsAt: number } & Record<string, unknown>,
): Promise<RefreshToken | undefined> {
  const { provider } = ctx.oidc
  if (!requestState(ctx).needsRefreshToken) return undefined
  if (!(await shouldIssueRefreshToken(provider, ctx, asSource(accessToken)))) return undefined
  const refreshToken = newRefreshToken(provider, {
    ...source,
    resource: accessToken.resourceServer?.identifier(),
    parentGrantId: grantFacts(ctx.oidc.entities.Grant)?.parentGrantId,
    rotations: 0,
  })
  Object.assign(refreshToken, { expiresIn: Math.min(refreshToken.expiration, secondsUntil(source.endsAt)) })
  await applyRefreshTokenBindings(provider, ctx, accessToken, refreshToken)
  ctx.oidc.entity('RefreshToken', refreshToken)
  return refreshToken
}

/** Rounded down: what is stored a moment later, in the next second, must not end later. */
function secondsUntil(endsAt: number): number {
  return Math.max(1, endsAt - Math.ceil(Date.now() / 1000))
}
