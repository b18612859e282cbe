import type { Context } from 'koa'
import type { Authentication } from '../customers/authenticate.ts'
import type { Interaction, Interactions } from '../oauth/browser/interactions.ts'
import type { InteractionPages } from './interaction-pages.ts'
import { readLogin, refusedLogin } from './login-form.ts'
import type { StagedSignIn } from './second-factor/staged-factor.ts'
import type { Form } from './standalone-forms.ts'
import type { SignedIn, Step } from './step.ts'

/** Checks a login; `ctx` and the client are for limits by address, known devices and clients. */
export type SignIn = (login: string, password: string, ctx: Context, clientId: string) => Promise<Authentication>

/** What a complete sign-in ends with. */
type LoginEnd = Parameters<Interactions['finishLogin']>[1]

type LoginStepDeps = {
  readonly authenticate: SignIn
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly show: Pick<InteractionPages, 'login'>
  /** Takes over when the password was right and must be changed. */
  readonly demandChange?: (ctx: Context, interaction: Interaction, signedIn: SignedIn) => Promise<void>
  /** Takes over when the password was right and a second factor must come. */
  readonly demandFactor: (ctx: Context, interaction: Interaction, signIn: StagedSignIn) => Promise<void>
  /** Takes over where there is something to offer before the sign-in ends. */
  readonly offer?: (ctx: Context, interaction: Interaction, end: LoginEnd, form: Form) => Promise<boolean>
}

const AMR: readonly string[] = ['pwd']

/** Checks the login form, and ends the sign-in or shows the form again. */
export function createLoginStep(deps: LoginStepDeps): Step {
  const { authenticate, interactions, show, demandChange, demandFactor, offer } = deps
  return async function login(ctx, interaction, form) {
    const { values, missing } = readLogin(form)
    if (missing.length > 0) return show.login(ctx, interaction, { ...values, problem: 'missing', missing }, 422)
    const authentication = await authenticate(values.login, form.password ?? '', ctx, interaction.client.clientId)
    if (authentication.outcome === 'second-factor-required') {
      const { proof, need, mustChangePassword } = authentication
      const { remember } = values
      return demandFactor(ctx, interaction, { proof, need, mustChangePassword, remember, amr: AMR })
    }
    if (authentication.outcome === 'authenticated') {
      const { customer, proof, mustChangePassword } = authentication
      const { remember } = values
      const end = { proof, amr: AMR, remember }
      if (mustChangePassword && demandChange) return demandChange(ctx, interaction, { customer, ...end })
      if (await offer?.(ctx, interaction, end, form)) return
      return interactions.finishLogin(ctx, end)
    }
    const { status, problem, waitSeconds } = refusedLogin(authentication)
    if (waitSeconds !== undefined) ctx.set('Retry-After', String(waitSeconds))
    show.login(ctx, interaction, { ...values, problem, waitSeconds }, status)
  }
}
