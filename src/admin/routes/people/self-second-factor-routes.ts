import { z } from 'zod'
import type { AdministratorFactors } from '../../../administrators/second-factors.ts'
import type { AdminSessions } from '../../../administrators/sessions.ts'
import { Problem } from '../../problem.ts'
import { enrolled, hasSecondFactor, sixDigits, typedPassword } from '../fields.ts'
import { type Route, route } from '../route.ts'
import { text } from '../shapes.ts'
import { type ProveSelfDeps, proveSelf } from './prove-self.ts'

export type SelfSecondFactorRouteDeps = ProveSelfDeps & {
  readonly factors: AdministratorFactors
  readonly sessions: Pick<AdminSessions, 'close' | 'closeAll'>
}

const code = text.min(1).max(64).describe('A code of the second factor, or a recovery code.')
const proof = z.strictObject({ current: typedPassword, code })
const codes = z.object({ recoveryCodes: z.array(z.string()).describe('Only this answer contains them.') })

/** One's own second factor: a code of an app (RFC 6238) beside the password, and recovery codes for when the app is lost. */
export function selfSecondFactorRoutes(deps: SelfSecondFactorRouteDeps): Route[] {
  const { sessions } = deps
  const { secondFactors, recoveryCodes, areRequired } = deps.factors
  const use = { permission: 'self:use', refusals: [409] } as const
  const prove = { ...use, method: 'POST', refusals: [409, 429, 503] } as const

  return [
    route({
      ...use,
      method: 'GET',
      path: '/v1/self/second-factor',
      summary: 'Your own second factor',
      result: z.object({
        hasSecondFactor,
        recoveryCodesLeft: z.int().describe('How many recovery codes were not used yet.'),
        isRequired: z.boolean().describe('Whether every administrator has to have one.'),
      }),
      async handle({ actor }) {
        if (actor.kind !== 'administrator' || !actor.id) throw notForTokens()
        return {
          hasSecondFactor: await secondFactors.isRequired(actor.id),
          recoveryCodesLeft: await recoveryCodes.left(actor.id),
          isRequired: areRequired,
        }
      },
    }),
    route({
      ...prove,
      path: '/v1/self/second-factor',
      summary: 'Begin with a second factor, which applies after it is confirmed; only this answer contains its secret',
      body: z.strictObject({ current: typedPassword }),
      status: 201,
      result: enrolled,
      audit: 'administrator.changed',
      async handle({ body, ...request }) {
        const self = await proveSelf(deps, request, body)
        const enrolled = await secondFactors.enrol(self)
        if (enrolled) return enrolled
        throw new Problem(409, 'second-factor-exists', 'You have a second factor already; remove it first.')
      },
    }),
    route({
      ...use,
      method: 'POST',
      path: '/v1/self/second-factor/confirm',
      summary: 'Confirm the second factor with one of its codes; all your sessions end',
      body: z.strictObject({ code: sixDigits }),
      result: codes,
      audit: 'administrator.second-factor-added',
      async handle({ actor, body }) {
        if (actor.kind !== 'administrator' || !actor.id) throw notForTokens()
        if (!(await secondFactors.confirm(actor.id, body.code))) throw new Problem(409, 'wrong-code', NOT_CONFIRMED)
        const made = await recoveryCodes.renew(actor.id)
        // What was signed in with a password alone is not good enough any more.
        await sessions.closeAll(actor.id)
        return { recoveryCodes: made }
      },
    }),
    route({
      ...prove,
      path: '/v1/self/second-factor/recovery-codes',
      summary: 'New recovery codes in place of all earlier ones',
      body: proof,
      result: codes,
      audit: 'administrator.changed',
      async handle({ body, ...request }) {
        const { id } = await proveSelf(deps, request, { ...body, needsCode: true })
        if (!(await secondFactors.isRequired(id))) throw none()
        return { recoveryCodes: await recoveryCodes.renew(id) }
      },
    }),
    route({
      ...prove,
      path: '/v1/self/second-factor/remove',
      summary: 'Remove your second factor, for example to begin with another device',
      body: proof,
      status: 204,
      result: z.void(),
      audit: 'administrator.second-factor-removed',
      async handle({ body, ...request }) {
        const { id } = await proveSelf(deps, request, { ...body, needsCode: true })
        if (!(await secondFactors.remove(id))) throw none()
        await recoveryCodes.remove(id)
      },
    }),
  ]
}

function none(): Problem {
  return new Problem(409, 'no-second-factor', 'You have no second factor.')
}

function notForTokens(): Problem {
  return new Problem(409, 'no-password', 'A token has no second factor; sign in as an administrator first.')
}

const NOT_CONFIRMED =
  'The code is wrong, or there is no second factor to confirm. Check the clock of the device, or begin again.'
