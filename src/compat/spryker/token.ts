import { permissionsOf } from '../../customers/customer.ts'
import type { TokenShape } from '../../oauth/token-shape.ts'

/** The access token as the shop's services read it: RS256, `typ: JWT`, `sub` a JSON string with the whole identity. */
export const sprykerToken: TokenShape = ({ payload, customer, companyUser, scopes }) => ({
  header: { typ: 'JWT' },
  payload: {
    aud: payload.aud,
    jti: payload.jti,
    iat: payload.iat,
    nbf: payload.iat,
    exp: payload.exp,
    sub: JSON.stringify({
      id_company_user: companyUser?.id ?? null,
      id_agent: null,
      customer_reference: customer.customerReference,
      id_customer: customer.idCustomer,
      permissions: companyUser ? { permissions: permissionsOf(companyUser).map(toPermission) } : null,
    }),
    scopes,
  },
})

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
