import { permissionsOf } from '../../customers/customer.ts'
import { COMPANY_USER_GRANT } from '../../oauth/grants/company-user.ts'
import type { TokenShape } from '../../oauth/tokens/token-shape.ts'

type Token = Parameters<TokenShape>[0]

/** Scopes that say what kind of account it is. They follow from the account and the grant, never from the request. */
export const SPRYKER_SCOPES = [
  'company_user',
  'customer_impersonation',
  'agent',
  'user',
  'back-office-user',
  'warehouse-user',
] as const

/**
 * The access token as the shop's services read it: RS256, `typ: JWT`, `sub` a JSON string with the whole identity.
 * With `arePermissionsStored` the token stays small, and services look permissions up.
 */
export function sprykerToken({ arePermissionsStored }: { readonly arePermissionsStored: boolean }): TokenShape {
  return (token) => ({
    header: { typ: 'JWT' },
    payload: {
      aud: token.payload.aud,
      jti: token.payload.jti,
      iat: token.payload.iat,
      nbf: token.payload.iat,
      exp: token.payload.exp,
      sub: JSON.stringify(identityOf(token, arePermissionsStored)),
      scopes: entitledTo(token).filter((scope) => token.scopes.includes(scope)),
    },
  })
}

/** A warehouse's token: it names the warehouse and no person. */
export const warehouseToken: TokenShape = ({ payload, agent }) => ({
  header: { typ: 'JWT' },
  payload: {
    aud: payload.aud,
    jti: payload.jti,
    iat: payload.iat,
    nbf: payload.iat,
    exp: payload.exp,
    sub: JSON.stringify({ id_warehouse: agent?.idWarehouse ?? null }),
    scopes: agent?.idWarehouse === undefined ? [] : ['warehouse'],
  },
})

function entitledTo({ agent, actingAgentId, grantType }: Token & { actingAgentId?: string | undefined }): string[] {
  if (agent) return ['agent', 'user', agent.idWarehouse === undefined ? 'back-office-user' : 'warehouse-user']
  if (grantType === COMPANY_USER_GRANT) return ['company_user']
  return actingAgentId === undefined ? ['customer'] : ['customer_impersonation', 'customer']
}

/** The keys and their order are those of the shop's own tokens. */
function identityOf({ customer, companyUser, agent, scopes }: Token, arePermissionsStored: boolean): object {
  if (agent && scopes.includes('user')) {
    return { user_reference: null, id_user: agent.idAgent, uuid: agent.id }
  }
  const permissions = companyUser && !arePermissionsStored ? permissionsOf(companyUser).map(toPermission) : undefined
  return {
    id_company_user: companyUser?.id ?? null,
    id_agent: agent?.idAgent ?? null,
    customer_reference: customer?.customerReference ?? null,
    id_customer: customer?.idCustomer ?? null,
    permissions: permissions ? { permissions } : null,
  }
}

function toPermission(permission: ReturnType<typeof permissionsOf>[number]): Record<string, unknown> {
  return {
    id_permission: permission.idPermission ?? null,
    key: permission.key,
    configuration: permission.configuration,
    configuration_signature: permission.configurationSignature,
    id_company_role: null,
    is_infrastructural: null,
  }
}
