import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  resolveRequestedResources,
  validateClientScope,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import type { Audit } from '../../audit/events.ts'
import type { CustomerAccount } from '../accounts/account.ts'
import { authenticationIn, tellAuthentication } from '../accounts/authentication.ts'
import { mayHaveScope } from '../accounts/claims.ts'
import { companyUserIn, noteCompanyChosen, type SwitchCompany } from '../accounts/switch-company.ts'
import { newAccessToken, parametersOf } from '../library-values.ts'
import { matchesAny } from '../tokens/introspection.ts'
import {
  ACCESS_TOKEN,
  type ExchangeSubject,
  type ExchangeSubjectDeps,
  findExchangeSubject,
} from './exchange-subject.ts'
import type { GrantType } from './grant-type.ts'

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

export type TokenExchangeDeps = ExchangeSubjectDeps & {
  readonly switchCompany: SwitchCompany
  readonly audit: Audit
}

/**
 * A service that received a customer's token asks for one that the next service accepts (RFC 8693). It takes a token
 * made for the service and gives no more than that token: the same customer, no other scopes, no longer life, dead
 * when the sign-in it came from is. The client is on record in it as who acts. `company_user_id` names another company of
 * the customer, where the sign-in is of a client of the shop's own.
 */
export function tokenExchangeGrant(deps: TokenExchangeDeps): GrantType {
  return {
    name: TOKEN_EXCHANGE_GRANT,
    parameters: [
      'subject_token',
      'subject_token_type',
      'actor_token',
      'actor_token_type',
      'requested_token_type',
      'resource',
      'audience',
      'scope',
      'company_user_id',
    ],
    async handle(ctx) {
      const subject = await findExchangeSubject(deps, ctx)
      await issueExchanged(ctx, { ...subject, account: await accountFor(deps, ctx, subject) })
    },
  }
}

/** The customer of the subject token, as the company user that the request names. */
async function accountFor(
  { switchCompany, audit }: TokenExchangeDeps,
  ctx: TokenEndpointGrantContext,
  { account, token, delegation }: ExchangeSubject,
): Promise<CustomerAccount> {
  const asked = companyUserIn(parametersOf(ctx))
  if (asked === undefined) return account
  const other = await switchCompany(account, asked, {
    clientId: token.grantClientId ?? token.clientId,
    grantedAtMs: delegation.grantedAtMs ?? token.issuedAtMs,
  })
  noteCompanyChosen(audit, ctx, { account: other, grantId: token.grantId, companyUserId: asked })
  return other
}

async function issueExchanged(ctx: TokenEndpointGrantContext, subject: ExchangeSubject): Promise<void> {
  const { token, delegation } = subject
  const account = { ...subject.account, delegation }
  const { provider, client } = ctx.oidc
  if (!client) throw new Error('tokens are issued to an authenticated client')
  const dPoP = await validateDpop(provider, ctx)
  const certificate = checkMtlsCert(provider, ctx)
  checkDpopRequired(provider, ctx, dPoP)
  const resourceServer = await findTarget(ctx, subject.client.exchange_targets ?? [])
  const held = (token.scope ?? '').split(' ').filter((scope) => resourceServer.scopes.has(scope))
  const scopes = narrow(ctx, held)
  await checkDpopReplay(provider, ctx, dPoP, client.clientId, errors.InvalidGrant)

  ctx.oidc.entity('Account', account)
  tellAuthentication(ctx, authenticationIn(token.claims))
  const accessToken = newAccessToken(provider, {
    accountId: account.accountId,
    client,
    grantId: token.grantId,
    gty: TOKEN_EXCHANGE_GRANT,
    scope: scopes.join(' '),
    resourceServer,
  })
  const remaining = token.exp - Math.floor(Date.now() / 1000)
  Object.assign(accessToken, { expiresIn: Math.min(accessToken.expiration, remaining) })
  if (certificate) accessToken.setThumbprint('x5t', certificate)
  if (dPoP) accessToken.setThumbprint('jkt', dPoP.thumbprint)
  ctx.oidc.entity('AccessToken', accessToken)
  ctx.body = buildTokenResponse(provider, {
    accessToken: await accessToken.save(),
    expiresIn: accessToken.expiration,
    issuedTokenType: ACCESS_TOKEN,
    scope: accessToken.scope || undefined,
    tokenType: accessToken.tokenType,
  })
}

/** The one resource server the new token is for: what the client may ask for, by `resource` or by `audience`. */
async function findTarget(ctx: TokenEndpointGrantContext, targets: readonly string[]) {
  const params = parametersOf(ctx)
  params.resource = params.resource || params.audience || undefined
  const isAmbiguous = (params.audience ?? params.resource) !== params.resource
  const [target, another] = await resolveRequestedResources(ctx.oidc.provider, ctx)
  if (!target || another || isAmbiguous) throw new errors.InvalidTarget('only one target can be asked for at a time')
  if (!matchesAny(targets, [target.identifier()])) {
    throw new errors.InvalidTarget('the client may not ask for this target: see its exchange_targets')
  }
  return target
}

function narrow(ctx: TokenEndpointGrantContext, held: readonly string[]): string[] {
  const { scope } = parametersOf(ctx)
  if (scope === undefined) return held.filter((each) => mayHaveScope(ctx.oidc.client?.scope, each))
  const requested = [...validateClientScope(ctx.oidc.provider, ctx)]
  const beyond = requested.filter((each) => !held.includes(each))
  if (beyond.length > 0) throw new errors.InvalidScope('the subject token does not have every scope', beyond.join(' '))
  return requested
}
