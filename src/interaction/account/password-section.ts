import { networkOf } from '../../credentials/ip-network.ts'
import type { Proofs } from '../../customers/proof.ts'
import type { PasswordChange } from '../../customers/recovery/recovery-password-change.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { requestState } from '../../http/request-state.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import { passwordProblem } from '../recovery/password-form.ts'
import type { AccountSection } from './section.ts'

/** Where password managers lead to as well (`/.well-known/change-password`). */
export const PASSWORD_ACT = 'security/password'

export type PasswordSectionDeps = {
  readonly passwordChange: PasswordChange
  readonly proofs: Pick<Proofs, 'make'>
  readonly sessions: Pick<OwnSessions, 'renew'>
  /** The browsers in which the second factor is skipped. */
  readonly forgetDevices: CustomerFactors['forgetDevices']
}

/** The field of the box that signs every other device out. */
const SIGN_OUT = 'sign_out_others'

/**
 * A new password, after a fresh sign-in by whatever means. Every other device is signed out, unless the customer unticks
 * that; browsers in which the second factor is skipped are forgotten in any case.
 */
export function createPasswordSection(deps: PasswordSectionDeps): AccountSection {
  const { passwordChange, proofs, sessions, forgetDevices } = deps
  return {
    page: 'security',
    show: async ({ addressOf }) => ({ template: 'password', href: addressOf(PASSWORD_ACT) }),
    acts: [
      {
        path: PASSWORD_ACT,
        isSensitive: true,
        keeps: [SIGN_OUT],
        open: async ({ customer, form }, { values }) => ({
          template: 'password-form',
          hasScript: true,
          ...form(PASSWORD_ACT),
          login: customer.email,
          signsOut: values[SIGN_OUT] === undefined || values[SIGN_OUT] === 'yes',
        }),
        async submit({ customer, session, ctx, languages }, form) {
          const problem = passwordProblem(form)
          if (problem) {
            const field = problem === 'differs' ? 'repeated' : 'password'
            return { outcome: 'refused', problem: `password-${problem}`, fields: [field] }
          }
          const staysSignedIn = form[SIGN_OUT] !== 'yes'
          // From before the password is looked at: a change in between makes it worthless.
          const proof = await proofs.make(customer.id)
          const prepared = await passwordChange.prepare(form.password ?? '', customer.email, networkOf(ctx.ip))
          if (prepared.outcome === 'busy')
            return { outcome: 'refused', problem: 'busy', status: 503, waitSeconds: prepared.retryAfterSeconds }
          if (prepared.outcome === 'refused')
            return { outcome: 'refused', problem: `password-${prepared.reason}`, fields: ['password'] }
          requestState(ctx).keptSessionUid = session.uid
          const change = proof && { customer, proof, staysSignedIn }
          const applied = change && (await passwordChange.apply(change, prepared.password, languages))
          if (!applied) return { outcome: 'refused', problem: 'changed-meanwhile', status: 409 }
          await forgetDevices(customer.id)
          if (staysSignedIn) return { outcome: 'done', notice: 'password-only' }
          await sessions.renew(ctx)
          return { outcome: 'done', notice: 'password' }
        },
      },
    ],
  }
}
