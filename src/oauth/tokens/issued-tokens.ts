import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider'
import { chosenId } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { TokenRecord } from '../../token-history/token-record.ts'
import { accountOf, asCustomerAccount } from '../accounts/account.ts'
import { agentAccountId } from '../accounts/agent-account.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import type { RefreshTokens } from '../refresh/refresh-tokens.ts'
import { ISSUED_AT_MS } from './found-token.ts'
import { isStructured } from './structured-tokens.ts'

/** The tokens of an answer that the token endpoint is about to give, as they go on record; none of one given again. */
export function issuedTokens(ctx: KoaContextWithOIDC, refreshTokens: Pick<RefreshTokens, 'parse'>): TokenRecord[] {
  const { AccessToken: accessToken, ClientCredentials: clientToken } = ctx.oidc.entities
  const issued = accessToken ?? clientToken
  if (!issued?.clientId || requestState(ctx).repeatsAnswer) return []
  const nowMs = Date.now()
  const answer = ctx.body as { access_token?: unknown; refresh_token?: unknown } // as the library or a grant made it
  const { began, ...owner } = tokenOwner(ctx, issued)
  const issuedAtMs = began ?? nowMs
  const access: TokenRecord = {
    ...owner,
    kind: accessToken ? 'access-token' : 'client-credentials',
    tokenId: isStructured(String(answer.access_token)) ? issued.jti : hashId(issued.jti),
    issuedAtMs,
    expiresAt: issued.exp ?? Math.floor(nowMs / 1000) + issued.expiration,
  }
  const parts = typeof answer.refresh_token === 'string' ? refreshTokens.parse(answer.refresh_token) : undefined
  if (!parts) return [access]
  // A refresh token acts as the company user that its grant names, and not as the customer's default one.
  const { companyUserId: _ofAccess, ...refreshOwner } = owner
  const companyUserId = chosenId(grantFacts(ctx.oidc.entities.Grant)?.companyUserId)
  const { replacedPlace, expiresAt } = requestState(ctx).refreshed ?? {}
  const refresh: TokenRecord = {
    ...refreshOwner,
    ...(companyUserId !== undefined && { companyUserId }),
    kind: 'refresh-token',
    tokenId: hashId(parts.family),
    place: parts.place,
    ...(replacedPlace !== undefined && { replacedPlace }),
    issuedAtMs,
    expiresAt: expiresAt ?? Math.floor(nowMs / 1000) + (ctx.oidc.entities.RefreshToken?.expiration ?? 0),
  }
  return [access, refresh]
}

/** Whose the tokens are, and what they end with: as the verdict on them will find it. */
function tokenOwner(ctx: KoaContextWithOIDC, issued: AccessToken | ClientCredentials) {
  const grant = grantFacts(ctx.oidc.entities.Grant)
  const account = accountOf(ctx)
  const customer = asCustomerAccount(account)
  const { delegation, actingAgentId } = customer ?? {}
  const { grantId } = issued as { grantId?: string } // a client's own token has none
  const parentGrantId = delegation?.parentGrantId ?? grant?.parentGrantId
  const companyUserId = customer?.companyUser?.id ?? chosenId(grant?.companyUserId)
  const grantedAtMs = delegation?.grantedAtMs ?? grant?.createdAtMs
  return {
    // As its claim says, where that is what sign-outs are compared with.
    began: issued.extra?.[ISSUED_AT_MS] as number | undefined, // ours
    clientId: String(issued.clientId),
    ...(grantId !== undefined && account && { grantId, accountId: account.accountId }),
    ...(parentGrantId !== undefined && { parentGrantId }),
    ...(delegation && { grantClientId: delegation.grantClientId }),
    ...(companyUserId !== undefined && { companyUserId }),
    ...(actingAgentId !== undefined && { agentAccountId: agentAccountId(actingAgentId) }),
    ...(grantedAtMs !== undefined && { grantedAtMs }),
  }
}
