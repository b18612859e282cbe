import type { CompanyUser, Customer } from '../customers/customer.ts'

/**
 * How a dialect's services read an access token, where that differs from RFC 9068. Pure: gets what the standard
 * token would say and returns what this one says. `iss`, `exp`, `iat`, `jti`, `gid`, `client_id` and `customer_id`
 * are added to the result, so every shape can be introspected and revoked.
 */
export type TokenShape = (token: {
  readonly payload: Readonly<Record<string, unknown>>
  readonly customer: Customer
  readonly companyUser: CompanyUser | undefined
  readonly scopes: readonly string[]
}) => { readonly header?: Record<string, unknown>; readonly payload: Record<string, unknown> }
