import type { Context } from 'koa'
import type { Authentication } from '../customers/authenticate.ts'
import type { Customer } from '../customers/customer.ts'
import type { Proof } from '../customers/proof.ts'
import type { Interaction, Interactions } from '../oauth/browser/interactions.ts'
import type { InteractionPages } from './interaction-pages.ts'
import { readLogin, refusedLogin } from './login-form.ts'
import type { Step } from './step.ts'

/** Checks a login; `ctx` and the client are for limits by address, known devices and clients. */
export type SignIn = (login: string, password: string, ctx: Context, clientId: string) => Promise<Authentication>

/** A customer who has proved who they are, before the sign-in is complete. */
export type SignedIn = { readonly customer: Customer; readonly proof: Proof; readonly remember: boolean }

type LoginStepDeps = {
  readonly authenticate: SignIn
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly show: Pick<InteractionPages, 'login'>
  /** Takes over when the password was right and must be changed. */
  readonly demandChange?: (ctx: Context, interaction: Interaction, signedIn: SignedIn) => Promise<void>
}

/** Checks the login form, and ends the sign-in or shows the form again. */
export function createLoginStep({ authenticate, interactions, show, demandChange }: LoginStepDeps): Step {
  return async function login(ctx, interaction, form) {
    const { values, missing } = readLogin(form)
    if (missing.length > 0) return show.login(ctx, interaction, { ...values, problem: 'missing', missing }, 422)
    const authentication = await authenticate(values.login, form.password ?? '', ctx, interaction.client.clientId)
    if (authentication.outcome === 'authenticated') {
      const { customer, proof, mustChangePassword } = authentication
      const { remember } = values
      if (mustChangePassword && demandChange) return demandChange(ctx, interaction, { customer, proof, remember })
      return interactions.finishLogin(ctx, { proof, amr: ['pwd'], remember })
    }
    const { status, problem, waitSeconds } = refusedLogin(authentication)
    if (waitSeconds !== undefined) ctx.set('Retry-After', String(waitSeconds))
    show.login(ctx, interaction, { ...values, problem, waitSeconds }, status)
  }
}
