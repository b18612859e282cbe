import { z } from 'zod'
import type { AdministratorDirectory } from '../../../administrators/directory.ts'
import type { AdminSessions } from '../../../administrators/sessions.ts'
import type { PasswordPolicy } from '../../../credentials/password-policy.ts'
import type { Passwords } from '../../../credentials/passwords.ts'
import type { SignInAdministrator } from '../../sign-in.ts'
import { newPassword, sentenceOf, shownEmail, typedPassword } from '../fields.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds, text } from '../shapes.ts'
import { administrator, role } from './administrator-shapes.ts'
import { acceptPassword } from './new-password.ts'
import { proveSelf, signedIn } from './prove-self.ts'

export type SelfRouteDeps = {
  readonly administrators: AdministratorDirectory
  readonly sessions: Pick<AdminSessions, 'close'>
  readonly signInAdministrator: SignInAdministrator
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordPolicy: PasswordPolicy
}

const session = z.string().describe('A session.')
const self = z.object({
  kind: z
    .enum(['administrator', 'admin-token', 'setting'])
    .describe('How the caller proved who it is: a session, a token, or the token of the setting ADMIN_TOKEN.'),
  name: z.string().describe('The name of the caller in the audit trail.'),
  role,
  id: z.string().optional().describe('The id of the administrator or the token.'),
  lacksSecondFactor: z.literal(true).optional().describe('A second factor must be set up before anything else.'),
})

/** Signing in with a password, and what each operator may do with their own access. */
export function selfRoutes(deps: SelfRouteDeps): Route[] {
  const { administrators, sessions, signInAdministrator } = deps
  return [
    route({
      method: 'POST',
      path: '/v1/sign-in',
      summary: 'Sign in as an administrator; use the session like an admin token',
      permission: 'public',
      description: 'Without a code that is needed the answer is 401 with the code `second-factor-required`.',
      body: z.strictObject({
        email: text.max(254).describe(sentenceOf(shownEmail)),
        password: typedPassword,
        code: text.min(1).max(64).optional().describe('Of the second factor, or a recovery code.'),
      }),
      result: z.object({
        session: session.describe('The session, for the header Authorization: Bearer. Only this answer contains it.'),
        expiresAt: epochSeconds('When the session ends'),
        administrator: administrator.describe('Who signed in.'),
      }),
      refusals: [429, 503],
      async handle({ body: { email, password, code }, ip, requestId }) {
        const context = { ip, requestId, ...(code !== undefined && { code }) }
        const { outcome, ...signIn } = signedIn(await signInAdministrator(email, password, context))
        return signIn
      },
    }),
    route({
      method: 'GET',
      path: '/v1/self',
      summary: 'The caller and its role',
      permission: 'self:use',
      result: self,
      handle: async ({ actor }) => actor,
    }),
    route({
      method: 'POST',
      path: '/v1/self/sign-out',
      summary: 'End a session',
      permission: 'self:use',
      body: z.strictObject({ session }),
      status: 204,
      result: z.void(),
      audit: 'administrator.signed-out',
      handle: ({ body: { session } }) => sessions.close(session),
    }),
    route({
      method: 'POST',
      path: '/v1/self/password',
      summary: 'Change your own password; all your sessions end',
      permission: 'self:use',
      body: z.strictObject({ current: text.describe('The password until now.'), password: newPassword }),
      status: 204,
      result: z.void(),
      refusals: [409, 429, 503],
      audit: 'administrator.changed',
      async handle({ body: { current, password }, ...request }) {
        const found = await proveSelf(deps, request, { current })
        await administrators.setPassword(found.id, await acceptPassword(deps, password, found.email))
      },
    }),
  ]
}
