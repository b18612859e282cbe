import { AGENT_GRANT } from '../../oauth/grants/agent.ts'
import { IMPERSONATION_GRANT } from '../../oauth/grants/impersonation.ts'
import { ONE_TIME_PASSWORD_GRANT } from '../../oauth/grants/one-time-password.ts'
import { VOUCHED_CUSTOMER_GRANT } from '../../oauth/grants/vouched-customer.ts'
import type { OAuthParameters } from '../dialect.ts'
import type { Credentials } from './credentials.ts'

/** The audience of customers' tokens. */
export const CUSTOMER = 'urn:vestibule:dialect:magento'
/** The audience of agents' tokens. */
export const ADMIN = 'urn:vestibule:dialect:magento-admin'
/** The audience of tokens that clients have for themselves. */
export const INTEGRATION = 'urn:vestibule:dialect:magento-integration'
/** With it a client signs in customers whom it has signed in by its own means. */
export const EXCHANGE_SCOPE = 'exchange_external_customer_token'

/** What the endpoints of both of the shop's APIs keep to. */
export type Shop = {
  /** Store codes that may stand in a path. */
  readonly stores: readonly string[]
  readonly tokenHours: number
  /** How long a one-time code of an agent works. */
  readonly codeSeconds: number
  /** What signing out ends. */
  readonly revokes: 'all' | 'this'
  readonly takesExternalCustomers: boolean
  readonly minPasswordLength: number
  readonly maxPasswordLength: number
  readonly needsConfirmation: boolean
}

const FOR_CUSTOMERS = { resource: CUSTOMER, scope: 'customer' } as const

/** How the endpoints ask for tokens. */
export const ask = {
  byPassword: ({ username, password }: Credentials): OAuthParameters => ({
    grant_type: 'password',
    ...FOR_CUSTOMERS,
    username,
    password,
  }),
  /** A code that was mailed, or the key of a letter that resets passwords. */
  byCode: ({ username, code }: { readonly username: string; readonly code: string }): OAuthParameters => ({
    grant_type: ONE_TIME_PASSWORD_GRANT,
    ...FOR_CUSTOMERS,
    username,
    one_time_password: code,
  }),
  asAgent: ({ username, password, otp }: Credentials & { readonly otp?: string }): OAuthParameters => ({
    grant_type: AGENT_GRANT,
    resource: ADMIN,
    username,
    password,
    ...(otp !== undefined && { one_time_password: otp }),
  }),
  /** An agent for a customer, with the agent's own token. */
  forCustomer: (by: Agency): OAuthParameters => ({
    grant_type: IMPERSONATION_GRANT,
    client_id: by.clientId,
    ...FOR_CUSTOMERS,
    subject_token: by.token,
    customer_reference: by.customerReference,
    reason: by.reason,
  }),
  /** A client for a customer whom it has signed in, with the client's own token. */
  forVouched: (token: string, customerReference: string): OAuthParameters => ({
    grant_type: VOUCHED_CUSTOMER_GRANT,
    ...FOR_CUSTOMERS,
    subject_token: token,
    customer_reference: customerReference,
  }),
  byRefreshToken: (refreshToken: string): OAuthParameters => ({
    grant_type: 'refresh_token',
    resource: CUSTOMER,
    refresh_token: refreshToken,
  }),
}

type Agency = {
  readonly token: string
  readonly clientId: string
  readonly customerReference: string
  readonly reason: string
}
