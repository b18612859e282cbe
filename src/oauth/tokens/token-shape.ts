import type { Agent } from '../../agents/agent.ts'
import type { CompanyUser, Customer } from '../../customers/customer.ts'
import type { DialectSession } from '../accounts/grant-facts.ts'

/** Whom a token is for: a customer, perhaps as a company user or with an agent acting, an agent, or a visitor. */
export type TokenSubject =
  | {
      readonly customer: Customer
      readonly companyUser: CompanyUser | undefined
      readonly actingAgentId?: string | undefined
      readonly agent?: undefined
      readonly anonymousId?: undefined
    }
  | {
      readonly agent: Agent
      readonly customer?: undefined
      readonly companyUser?: undefined
      readonly anonymousId?: undefined
    }
  | {
      readonly anonymousId: string
      readonly customer?: undefined
      readonly companyUser?: undefined
      readonly agent?: undefined
    }

/**
 * How a dialect's services read an access token, where that differs from RFC 9068. Pure: gets what the standard
 * token would say and returns what this one says. `iss`, `exp`, `iat`, `jti`, `gid`, `client_id`, the account's id,
 * `act`, and `acr`, `amr` and `auth_time` of a person are added to the result, so every shape can be introspected and revoked, and says
 * how its person signed in. `iss` is the resource server's `issuer`,
 * where it has one.
 */
export type TokenShape = (
  token: TokenSubject & {
    readonly payload: Readonly<Record<string, unknown>>
    readonly scopes: readonly string[]
    /** The grant the token began with, refreshed or not. */
    readonly grantType: string
    /** What the dialect keeps with the sign-in. */
    readonly session: DialectSession
  },
) => { readonly header?: Record<string, unknown>; readonly payload: Record<string, unknown> }
