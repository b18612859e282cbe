import type { KeyObject } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import type { Client, Provider } from 'oidc-provider'

/** What is left of a signing key that was removed and never compromised. */
export type FormerKey = { readonly algorithm: string; readonly publicKey: KeyObject }

type Hint = { readonly header: object; readonly payload: Record<string, unknown> }

/**
 * An ID token is taken as a hint long after it expired (OpenID Connect RP-Initiated Logout §2), so its key may be gone
 * from the published set. It is verified by the public half that stays: a storefront keeps its ID token for as long as
 * it keeps its own session.
 */
export function acceptFormerHints(provider: Provider, findFormerKey: (kid: string) => FormerKey | undefined): void {
  // The library's types leave `validate` out.
  const model = provider.IdToken as unknown as { validate(jwt: string, client: Client): Promise<Hint> }
  const validate = model.validate.bind(model)
  model.validate = async (jwt, client) => {
    try {
      return await validate(jwt, client)
    } catch (error) {
      const hint = await verifyFormer(jwt, findFormerKey)
      if (!hint || !isFor(hint, provider.issuer, client)) throw error
      return hint
    }
  }
}

async function verifyFormer(jwt: string, find: (kid: string) => FormerKey | undefined): Promise<Hint | undefined> {
  try {
    const header = decodeProtectedHeader(jwt)
    const key = typeof header.kid === 'string' ? find(header.kid) : undefined
    if (!key) return undefined
    await compactVerify(jwt, key.publicKey, { algorithms: [key.algorithm] })
    return { header, payload: decodeJwt(jwt) }
  } catch {
    return undefined
  }
}

/** What the library asks of a hint; our ID tokens name one client as their audience. */
function isFor({ payload: { iss, aud, sub } }: Hint, issuer: string, client: Client): boolean {
  return iss === issuer && aud === client.clientId && typeof sub === 'string'
}
