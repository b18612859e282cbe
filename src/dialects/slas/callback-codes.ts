import type { Customer } from '../../customers/customer.ts'
import type { DialectAnswer } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badRequest, tooMany } from './answers.ts'
import type { Fields } from './request.ts'
import type { Slas } from './settings.ts'
import { fitsSubject, SUBJECT_TOO_LONG } from './token.ts'

const CODES = 6
const WINDOW_SECONDS = 600

/** How a code reaches a customer. */
export type Ways = {
  /** We write a letter. */
  readonly email: (login: string) => Promise<DialectAnswer | undefined>
  /** A token that the shop's own service mails; absent where there is none. */
  readonly token?: (customer: Customer) => Promise<string | undefined>
}

/**
 * Sends a code by `mode`: a letter of ours, or a token to the shop's registered address. The answer is the same whether
 * there is such a customer or not; undefined where it was taken on.
 */
export async function sendBy(
  slas: Slas,
  { mode, user_id: login = '', callback_uri: callback }: Fields,
  services: DialectServices,
  ways: Ways,
): Promise<DialectAnswer | undefined> {
  const { token } = ways
  if (mode !== 'email' && !(mode === 'callback' && token)) return badRequest('invalid mode')
  if (mode === 'callback' && !(callback && slas.callbacks.includes(callback))) return badRequest('invalid callback_uri')
  if (!fitsSubject(login, slas)) return badRequest(SUBJECT_TOO_LONG)
  const turn = { of: 'slas-codes', subject: login.trim().toLowerCase(), limit: CODES, seconds: WINDOW_SECONDS }
  if (!(await services.takeTurn(turn))) return tooMany('Too many codes were asked for. Please try again later.')
  if (mode === 'email') return ways.email(login)
  services.callBack(String(callback), async () => {
    const customer = await services.findCustomer(login)
    const value = customer && (await token?.(customer))
    if (!customer || !value) return undefined
    return { email_id: customer.email, user_id: login, token: value, pwdless_login_token: value }
  })
  return undefined
}
