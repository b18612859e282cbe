import type { Administrator } from '../../../administrators/administrator.ts'
import type { AdministratorDirectory } from '../../../administrators/directory.ts'
import type { AdminSessions } from '../../../administrators/sessions.ts'
import { Problem } from '../../problem.ts'
import type { AdminSignIn, SignInAdministrator } from '../../sign-in.ts'
import type { RouteRequest } from '../route.ts'

export type ProveSelfDeps = {
  readonly administrators: Pick<AdministratorDirectory, 'findById'>
  readonly sessions: Pick<AdminSessions, 'close'>
  readonly signInAdministrator: SignInAdministrator
}

type Proof = { readonly current: string; readonly code?: string | undefined; readonly needsCode?: boolean }

/**
 * The administrator of the request, who gives their password again: a session alone, which somebody may have found open,
 * changes no credential. Wrong passwords and codes count as at a sign-in.
 *
 * @throws {Problem} for a token, a wrong password, and a code that is missing or wrong.
 */
export async function proveSelf(
  { administrators, sessions, signInAdministrator }: ProveSelfDeps,
  { actor, ip, requestId }: Pick<RouteRequest, 'actor' | 'ip' | 'requestId'>,
  { current, code, needsCode = false }: Proof,
): Promise<Administrator> {
  const found = actor.kind === 'administrator' ? await administrators.findById(actor.id ?? '') : undefined
  if (!found) throw new Problem(409, 'no-password', 'A token has no password; sign in as an administrator first.')
  const context = { ip, requestId, ...(code !== undefined && { code }) }
  const signIn = await signInAdministrator(found.email, current, context)
  // The password is right; where it alone is asked for, the session has proved the rest.
  if (signIn.outcome === 'second-factor-required' && !needsCode) return found
  await sessions.close(signedIn(signIn).session)
  return found
}

/** @throws {Problem} that says what a sign-in lacked. */
export function signedIn(signIn: AdminSignIn): AdminSignIn & { readonly outcome: 'signed-in' } {
  switch (signIn.outcome) {
    case 'signed-in':
      return signIn
    case 'refused':
      throw new Problem(401, 'wrong-login', 'Wrong e-mail address, password or code.')
    case 'second-factor-required':
      throw new Problem(401, 'second-factor-required', 'Enter the code of your second factor as well.')
    case 'locked':
      throw new Problem(429, 'locked', `There were too many failures. ${later(signIn)}`, signIn.retryAfterSeconds)
    case 'busy':
      throw new Problem(503, 'busy', `Too many passwords are being checked. ${later(signIn)}`, signIn.retryAfterSeconds)
  }
}

function later({ retryAfterSeconds }: { readonly retryAfterSeconds: number }): string {
  return `Try again in ${retryAfterSeconds} s.`
}
