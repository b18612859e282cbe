import type { InteractionPages } from '../interaction-pages.ts'
import { readLogin } from '../login-form.ts'
import type { Step } from '../step.ts'

/**
 * Goes from the address to the page for the password. No account is looked up: what comes next is the same for every
 * address.
 */
export function createIdentifierStep(show: Pick<InteractionPages, 'login'>): Step {
  return async function identifier(ctx, interaction, form) {
    const { login } = readLogin(form).values
    if (login === '') return show.login(ctx, interaction, { problem: 'missing', missing: ['login'] }, 422)
    show.login(ctx, interaction, { login })
  }
}
