import { errors } from 'oidc-provider'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { OneTimePasswords } from '../../customers/one-time-passwords.ts'
import { requestState } from '../../http/request-state.ts'
import { toAccount } from '../accounts/account.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { secondFactorRequired } from './second-factor-required.ts'
import { throttleOf } from './throttle.ts'

export const ONE_TIME_PASSWORD_GRANT = 'urn:vestibule:grant:one-time-password'

export type OneTimePasswordGrantDeps = {
  readonly oneTimePasswords: Pick<OneTimePasswords, 'authenticate' | 'authenticateByResetKey'>
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/** As of a letter with a link; a code is shorter. */
const RESET_KEY = /^[\w-]{43}$/

/**
 * A customer signs in with the code that was mailed to them, or with the key of a letter that resets passwords where the
 * resource server takes those. Every refusal is the same, as with a password.
 */
export function oneTimePasswordGrant({ oneTimePasswords, resourceServers }: OneTimePasswordGrantDeps): GrantType {
  return {
    name: ONE_TIME_PASSWORD_GRANT,
    parameters: ['username', 'one_time_password', 'scope', 'resource'],
    async handle(ctx) {
      const { username, one_time_password: code, resource } = parametersOf(ctx)
      if (typeof username !== 'string' || typeof code !== 'string') {
        throw new errors.InvalidRequest('username and one_time_password are required')
      }
      const clientId = clientIdOf(ctx)
      const server = typeof resource === 'string' ? await resourceServers.find(resource) : undefined
      const isKey = server?.takesResetKeys === true && RESET_KEY.test(code)
      const authenticate = isKey ? oneTimePasswords.authenticateByResetKey : oneTimePasswords.authenticate
      const authentication = await authenticate(username, code, { ip: ctx.ip, clientId, ...throttleOf(server) })
      requestState(ctx).authentication = authentication
      const account = authentication.outcome === 'authenticated' ? toAccount(authentication.customer) : undefined
      if (authentication.outcome === 'second-factor-required') throw secondFactorRequired('password')
      if (authentication.outcome !== 'authenticated' || !account) {
        const refusal = new errors.InvalidGrant(authentication.outcome)
        refusal.error_description = 'invalid username or code'
        throw refusal
      }
      await issueTokens(ctx, {
        account,
        grantType: ONE_TIME_PASSWORD_GRANT,
        defaultScope: 'customer',
        amr: ['otp'],
        provedAtMs: authentication.proof.madeAtMs,
      })
    },
  }
}
