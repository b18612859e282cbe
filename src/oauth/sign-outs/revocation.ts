import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import { requestState } from '../../http/request-state.ts'
import type { Storage } from '../../storage/storage.ts'
import { endAccessToken, type FindToken } from '../tokens/token-status.ts'

export type RevocationDeps = { readonly findToken: FindToken; readonly storage: Storage; readonly audit: Audit }

/**
 * Revocation (RFC 7009 §2). A refresh token takes its whole grant along, one write; an access token goes alone. A
 * token of another client, or none at all, is answered alike and left as it is. The answer has no body and so no
 * Content-Type: some clients refuse one.
 */
export function createRevocation({ findToken, storage, audit }: RevocationDeps) {
  return async function revoke(ctx: KoaContextWithOIDC): Promise<void> {
    const value = String(ctx.oidc.params?.token)
    const status = await findToken(value)
    if (status.isLive && status.token.clientId === ctx.oidc.client?.clientId) {
      const { token } = status
      if (token.kind === 'refresh-token' && token.grantId) await storage.remove('Grant', token.grantId)
      else await endAccessToken(storage, token, value)
      audit({
        type: 'token.revoked',
        clientId: token.clientId,
        ...(token.accountId && { customerId: token.accountId }),
        ...(token.grantId && { grantId: token.grantId }),
        reason: token.kind,
        ip: ctx.ip,
        requestId: requestState(ctx).requestId,
      })
    }
    ctx.body = null
    ctx.status = 200
  }
}
