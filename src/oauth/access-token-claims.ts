import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { ResourceServer } from '../clients/resource-servers.ts'
import type { CustomerAccount } from './account.ts'
import { commerceClaims } from './claims.ts'
import type { TokenShape } from './token-shape.ts'

type ClaimsDeps = {
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
  readonly shapes: ReadonlyMap<string, TokenShape>
}

/** What access tokens say beyond RFC 9068: the customer's commerce claims, and the grant they hang from. */
export function createAccessTokenClaims({ findResourceServer, shapes }: ClaimsDeps): {
  extraTokenClaims: NonNullable<Configuration['extraTokenClaims']>
  customizeJwt: (ctx: KoaContextWithOIDC, token: unknown, jwt: StructuredToken) => Promise<void>
} {
  return {
    async extraTokenClaims(ctx, token) {
      const account = ctx.oidc.entities.Account as CustomerAccount | undefined
      if (token.kind !== 'AccessToken' || !account) return undefined
      const identifier = token.resourceServer?.identifier()
      const server = identifier ? await findResourceServer(identifier) : undefined
      return commerceClaims(account.customer, account.companyUser, {
        hasFullPermissions: server?.hasFullPermissions === true,
      }) as Awaited<ReturnType<NonNullable<Configuration['extraTokenClaims']>>>
    },

    async customizeJwt(ctx, token, jwt) {
      const { grantId, resourceServer, scope } = token as IssuedToken
      const account = ctx.oidc.entities.Account as CustomerAccount | undefined
      const traceable = grantId ? { gid: grantId } : {}
      const shape = resourceServer && shapes.get(resourceServer.identifier())
      if (!shape || !account) {
        Object.assign(jwt.payload, traceable)
        return
      }
      const { iss, exp, iat, jti, client_id } = jwt.payload
      const shaped = shape({
        payload: jwt.payload,
        customer: account.customer,
        companyUser: account.companyUser,
        scopes: scope?.split(' ') ?? [],
      })
      if (shaped.header) jwt.header = { ...jwt.header, ...shaped.header }
      const owner = { client_id, customer_id: account.accountId, id_company_user: account.companyUser?.id ?? null }
      jwt.payload = { ...shaped.payload, iss, exp, iat, jti, ...traceable, ...owner }
    },
  }
}

type StructuredToken = { header: Record<string, unknown> | undefined; payload: Record<string, unknown> }
type IssuedToken = { grantId?: string; scope?: string; resourceServer?: { identifier(): string } }
