import { fullName } from '../../customers/customer.ts'
import type { TokenShape } from '../../oauth/tokens/token-shape.ts'

/** The shop's customer token: whom it is for, by id and name. */
export const customerToken: TokenShape = ({ payload, customer }) => ({
  header: { typ: 'JWT' },
  payload: {
    sub: customer?.id,
    name: customer && (fullName(customer) ?? customer.email),
    exp: payload.exp,
    iat: payload.iat,
    jti: payload.jti,
    aud: payload.aud,
  },
})

/** An account member's token for one account, which the shop's services read from `scope`. */
export const accountMemberToken: TokenShape = ({ payload, customer, companyUser }) => ({
  header: { typ: 'JWT' },
  payload: {
    sub: customer?.id,
    scope: companyUser?.company.id ?? customer?.id,
    account_member_self_management: 'disabled',
    ancestors: [],
    realm_id: ACCOUNT_REALM,
    exp: payload.exp,
    iat: payload.iat,
    jti: payload.jti,
    aud: payload.aud,
  },
})

/** Realms and profiles are the shop's way to name where people sign in; here there is one of each. */
export const CUSTOMER_REALM = '9d5b3c0e-6a0f-4f3e-8f0a-3c1d7f2b6a10'
export const ACCOUNT_REALM = '9d5b3c0e-6a0f-4f3e-8f0a-3c1d7f2b6a11'
export const PASSWORD_PROFILE = '9d5b3c0e-6a0f-4f3e-8f0a-3c1d7f2b6a20'
export const OIDC_PROFILE = '9d5b3c0e-6a0f-4f3e-8f0a-3c1d7f2b6a21'
