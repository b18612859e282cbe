import type { TokenShape } from '../../oauth/tokens/token-shape.ts'

/** Kinds of users, as the shop's own tokens number them. */
const ADMIN = 2
const CUSTOMER = 3

/** The JWT form of the shop's tokens: whom it is for as a number and a kind, and no `typ` in the header. */
export const magentoToken: TokenShape = ({ payload, customer, agent }) => ({
  header: { typ: undefined },
  payload: {
    uid: agent ? agent.idAgent : customer?.idCustomer,
    utypid: agent ? ADMIN : CUSTOMER,
    iat: payload.iat,
    exp: payload.exp,
    aud: payload.aud,
  },
})
