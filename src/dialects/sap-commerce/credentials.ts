import { AGENT_GRANT } from '../../oauth/grants/agent.ts'
import { ONE_TIME_PASSWORD_GRANT } from '../../oauth/grants/one-time-password.ts'
import type { OAuthParameters } from '../dialect.ts'
import { type Fields, own } from './request.ts'

export type CredentialSettings = {
  /** What makes an agent's e-mail address of an employee's uid; undefined where no employee signs in. */
  readonly employeeDomain: string | undefined
}

const TOKEN_ID = /^LGN\[([\w-]+)\]$/

/** The id that stands for a login until the code from the mail comes. It proves nothing and hides nothing. */
export function tokenIdOf(login: string): string {
  return `LGN[${Buffer.from(login).toString('base64url')}]`
}

/**
 * What the shop's one password grant is here: a code from a mail, an employee or a customer. The form of the user name alone
 * decides, so that no answer and no time tells who has an account: customers sign in by an address, employees by a name.
 */
export function credentialsOf(fields: Fields, { employeeDomain }: CredentialSettings): OAuthParameters {
  const [username, password] = [own(fields, 'username'), own(fields, 'password')]
  const [, encodedLogin] = TOKEN_ID.exec(username) ?? []
  if (encodedLogin !== undefined) {
    const login = Buffer.from(encodedLogin, 'base64url').toString('utf8')
    return { grant_type: ONE_TIME_PASSWORD_GRANT, username: login, one_time_password: password }
  }
  const code = own(fields, 'one_time_password') || undefined
  if (employeeDomain === undefined || username.includes('@'))
    return { grant_type: 'password', username, password, one_time_password: code }
  return { grant_type: AGENT_GRANT, username: `${username}@${employeeDomain}`, password, one_time_password: code }
}
