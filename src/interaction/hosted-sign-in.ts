import type { Context } from 'koa'
import type { Lockout } from '../credentials/lockout/lockout.ts'
import type { Authenticate } from '../customers/authenticate.ts'
import type { DeviceCookie } from './device-cookie.ts'
import type { SignIn } from './login-step.ts'
import type { SignInByPasskey } from './passkeys/passkey-step.ts'

export type HostedSignInDeps = {
  readonly authenticate: Authenticate
  readonly device: DeviceCookie
  readonly lockout: Pick<Lockout, 'remember'>
}

/** Makes the browser known to the lockout, once everything that a person had to show was right. */
export function createMarkBrowser({ device, lockout }: Pick<HostedSignInDeps, 'device' | 'lockout'>) {
  return async function markBrowser(ctx: Context, login: string): Promise<void> {
    const deviceId = device.idFor(ctx, login)
    const marked = device.mark(ctx, login)
    if (marked !== deviceId) await lockout.remember(login, { ip: ctx.ip, deviceId: marked })
  }
}

/**
 * Checks logins of the hosted pages with what the browser is known by, and makes it known when the password was right:
 * from then on, wrong guesses of strangers do not lock this browser out.
 */
export function createHostedSignIn({ authenticate, device, lockout }: HostedSignInDeps): SignIn {
  const markBrowser = createMarkBrowser({ device, lockout })
  return async function hostedSignIn(login, password, ctx, clientId) {
    const { ip } = ctx
    const deviceId = device.idFor(ctx, login)
    const context = { ip, clientId, asksForCodeLater: true, ...(deviceId && { deviceId }) } as const
    const authentication = await authenticate(login, password, context)
    if (authentication.outcome === 'authenticated') await markBrowser(ctx, login)
    return authentication
  }
}

export type HostedPasskeyDeps = Pick<HostedSignInDeps, 'device' | 'lockout'> & {
  readonly signIn: (
    place: string,
    json: string,
    context: { readonly ip: string; readonly clientId: string },
  ) => ReturnType<SignInByPasskey>
}

/** The same by passkey. No lockout is asked: who has the passkey has not guessed it. */
export function createHostedPasskeySignIn({ signIn, device, lockout }: HostedPasskeyDeps): SignInByPasskey {
  const markBrowser = createMarkBrowser({ device, lockout })
  return async function hostedPasskeySignIn(place, json, ctx, clientId) {
    const authentication = await signIn(place, json, { ip: ctx.ip, clientId })
    if (authentication.outcome !== 'authenticated') return authentication
    await markBrowser(ctx, authentication.customer.email)
    return authentication
  }
}
