import type { Context } from 'koa'
import { seeOther } from '../../http/see-other.ts'
import type { FinishedLogin, Interactions } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import type { RememberedAccount } from '../login/remembered-account.ts'
import type { Step } from '../step.ts'

/** A passkey that a browser or a key holds (RFC 8176). */
const PASSKEYS: readonly string[] = ['hwk', 'swk']

/** Keeps the account in the browser of a person who wants to stay signed in there, or has a passkey there. */
export function rememberingLogins(interactions: Interactions, remembered: RememberedAccount): Interactions {
  return {
    ...interactions,
    async finishLogin(ctx: Context, end: FinishedLogin) {
      if (end.remember || end.amr.some((method) => PASSKEYS.includes(method))) remembered.keep(ctx, end.proof)
      await interactions.finishLogin(ctx, end)
    },
  }
}

/** Puts the address of the remembered account into a form that names none, and asks anew where there is none any more. */
export function createByRemembered(remembered: RememberedAccount, show: Pick<InteractionPages, 'pathOf'>) {
  return (step: Step): Step =>
    async (ctx, interaction, form) => {
      if (form.remembered !== 'yes' || form.login) return step(ctx, interaction, form)
      const login = remembered.emailIn(ctx)
      if (login === undefined) return seeOther(ctx, show.pathOf(interaction))
      await step(ctx, interaction, { ...form, login })
    }
}

/** "Not you?": the browser forgets the account. */
export function createAnotherAccountStep(remembered: RememberedAccount, show: Pick<InteractionPages, 'pathOf'>): Step {
  return async function anotherAccount(ctx, interaction) {
    remembered.forget(ctx)
    seeOther(ctx, `${show.pathOf(interaction)}?page=login&as=another`)
  }
}
