import type { KoaContextWithOIDC } from 'oidc-provider'
import type { FoundToken } from '../tokens/found-token.ts'
import type { FindToken } from '../tokens/token-status.ts'
import { type EndSignIn, grantOf } from './end-sign-in.ts'

export type RevocationDeps = { readonly findToken: FindToken; readonly endSignIn: EndSignIn }

/**
 * Revocation (RFC 7009 §2). A refresh token takes its whole grant along, one write; an access token goes alone. A
 * token of another client, or none at all, is answered alike and left as it is. The answer has no body and so no
 * Content-Type: some clients refuse one.
 */
export function createRevocation({ findToken, endSignIn }: RevocationDeps) {
  return async function revoke(ctx: KoaContextWithOIDC): Promise<void> {
    const value = String(ctx.oidc.params?.token)
    const status = await findToken(value)
    if (status.isLive && status.token.clientId === ctx.oidc.client?.clientId)
      await endSignIn({ what: whatOf(status.token, value), why: 'revoked-by-client' })
    ctx.body = null
    ctx.status = 200
  }
}

function whatOf(token: FoundToken, value: string) {
  const grant = token.kind === 'refresh-token' ? grantOf(token) : undefined
  return grant ?? ({ of: 'access-token', token, value } as const)
}
