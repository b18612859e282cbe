import type { OneTimePasswords } from '../../customers/one-time-passwords.ts'
import type { Interactions } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { readLogin, refusedLogin } from '../login-form.ts'
import type { SignIn } from '../login-step.ts'
import { wantedLanguages } from '../page-languages.ts'
import type { SecondFactorStep } from '../second-factor/second-factor-step.ts'
import type { Step } from '../step.ts'

/** Signing in with a code that is mailed. */
export type CodeSignInDeps = {
  readonly request: OneTimePasswords['request']
  /** Checks a code in place of the password. */
  readonly authenticate: SignIn
}

type CodeStepDeps = CodeSignInDeps & {
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly show: Pick<InteractionPages, 'login' | 'signInCode'>
  readonly demandFactor: SecondFactorStep['demand']
}

const AMR: readonly string[] = ['otp']

/**
 * Mails a code on request, and takes it in place of the password. The pages are the same whether there is an account or
 * not. A mailbox is one factor: where a second one is needed, a second mail is none.
 */
export function createCodeSteps({ request, authenticate, interactions, show, demandFactor }: CodeStepDeps) {
  return {
    request: (async (ctx, interaction, form) => {
      const { values } = readLogin(form)
      if (values.login === '')
        return show.login(ctx, interaction, { ...values, problem: 'missing', missing: ['login'] }, 422)
      request(values.login, { ip: ctx.ip, languages: wantedLanguages(ctx, interaction.uiLocales) })
      show.signInCode(ctx, interaction, values)
    }) satisfies Step,

    check: (async (ctx, interaction, form) => {
      const { values } = readLogin(form)
      const code = (form.code ?? '').trim()
      if (values.login === '')
        return show.login(ctx, interaction, { ...values, problem: 'missing', missing: ['login'] }, 422)
      if (code === '') return show.signInCode(ctx, interaction, { ...values, problem: 'missing' }, 422)
      const authentication = await authenticate(values.login, code, ctx, interaction.client.clientId)
      const { remember } = values
      if (authentication.outcome === 'authenticated')
        return interactions.finishLogin(ctx, { proof: authentication.proof, amr: AMR, remember })
      if (authentication.outcome === 'second-factor-required') {
        const { proof, need } = authentication
        if (need === 'mail') return show.login(ctx, interaction, { ...values, problem: 'more-than-code' }, 422)
        return demandFactor(ctx, interaction, { proof, need, remember, amr: AMR, isByMail: true })
      }
      const { status, problem, waitSeconds } = refusedLogin(authentication)
      if (waitSeconds !== undefined) ctx.set('Retry-After', String(waitSeconds))
      if (problem === 'wrong') return show.signInCode(ctx, interaction, { ...values, problem }, status)
      show.login(ctx, interaction, { ...values, problem, waitSeconds }, status)
    }) satisfies Step,
  }
}
