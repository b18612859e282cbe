import type { Lockout } from '../credentials/lockout/lockout.ts'
import type { Authenticate } from '../customers/authenticate.ts'
import type { DeviceCookie } from './device-cookie.ts'
import type { SignIn } from './login-step.ts'

export type HostedSignInDeps = {
  readonly authenticate: Authenticate
  readonly device: DeviceCookie
  readonly lockout: Pick<Lockout, 'remember'>
}

/**
 * Checks logins of the hosted pages with what the browser is known by, and makes it known when the password was right:
 * from then on, wrong guesses of strangers do not lock this browser out.
 */
export function createHostedSignIn({ authenticate, device, lockout }: HostedSignInDeps): SignIn {
  return async function hostedSignIn(login, password, ctx, clientId) {
    const { ip } = ctx
    const deviceId = device.idFor(ctx, login)
    const authentication = await authenticate(login, password, { ip, clientId, ...(deviceId && { deviceId }) })
    if (authentication.outcome !== 'authenticated') return authentication
    const marked = device.mark(ctx, login)
    if (marked !== deviceId) await lockout.remember(login, { ip, deviceId: marked })
    return authentication
  }
}
