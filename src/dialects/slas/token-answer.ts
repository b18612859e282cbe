import { createHash } from 'node:crypto'
import type { DialectAnswer, IssuedTokens } from '../dialect.ts'
import { json } from './answers.ts'
import { customerIdOf, sessionIdOf } from './ids.ts'

/** What a token request is answered with; every member is there for every kind of caller. */
export function tokenAnswer(tokens: IssuedTokens, { hasRefreshToken = true } = {}): DialectAnswer {
  const { accessToken, expiresIn, idToken = '', customer, anonymousId, session } = tokens
  const refreshToken = hasRefreshToken ? tokens.refreshToken : undefined
  return json(200, {
    access_token: accessToken,
    id_token: idToken,
    refresh_token: refreshToken ?? '',
    expires_in: expiresIn,
    refresh_token_expires_in: refreshToken === undefined ? 0 : (tokens.refreshExpiresIn ?? 0),
    token_type: 'Bearer',
    usid: session.usid ?? (customer ? sessionIdOf(customer) : ''),
    customer_id: customer ? customerIdOf(customer) : (anonymousId ?? ''),
    enc_user_id: customer ? md5(customerIdOf(customer)) : '',
    idp_access_token: null,
    idp_refresh_token: null,
    dnt: String(session.dnt === '1'),
  })
}

/** As the shop's services know a customer; no secret. */
function md5(text: string): string {
  return createHash('md5').update(text).digest('hex').toUpperCase()
}
