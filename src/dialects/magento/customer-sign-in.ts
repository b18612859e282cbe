import type { OAuthParameters } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import type { Credentials } from './credentials.ts'
import { ask, CUSTOMER } from './shop.ts'

/** Tokens as both of the shop's APIs may tell them. */
export type GivenTokens = {
  readonly accessToken: string
  readonly expiresIn: number
  readonly refreshToken?: string
}

type Services = Pick<DialectServices, 'ownAccount' | 'redeemTokenCode' | 'findCaller'>

/**
 * What a customer's token is asked for with: the account's password, or in its place a code that an agent made, or the key of a
 * letter that resets passwords. Neither of these can be a wrong password: they are looked up first, and nothing counts.
 */
export async function readSignIn(
  credentials: Credentials,
  services: Services,
): Promise<{ readonly given: GivenTokens } | { readonly ask: OAuthParameters }> {
  const { username, password } = credentials
  const given = await redeemCode(username, password, services)
  if (given) return { given }
  const isKey = await services.ownAccount.isResetKey(password, username)
  return { ask: isKey ? ask.byCode({ username, code: password }) : ask.byPassword(credentials) }
}

/** The same with a code alone: an agent's, one that was mailed, or the key of a letter. */
export async function readCodeSignIn(
  username: string,
  code: string,
  services: Services,
): Promise<{ readonly given: GivenTokens } | { readonly ask: OAuthParameters }> {
  const given = await redeemCode(username, code, services)
  return given ? { given } : { ask: ask.byCode({ username, code }) }
}

/** The token that an agent's code stands for, if it works still and the customer allows it still. */
async function redeemCode(
  username: string,
  code: string,
  { redeemTokenCode, findCaller }: Services,
): Promise<GivenTokens | undefined> {
  const redeemed = await redeemTokenCode(code, username)
  if (!redeemed) return undefined
  const caller = await findCaller(redeemed.token, ({ audience }) => audience === CUSTOMER)
  if (!caller?.customer?.allowsSupport) return undefined
  return { accessToken: redeemed.token, expiresIn: redeemed.expiresAt - Math.floor(Date.now() / 1000) }
}
