import type { Context } from 'koa'
import { seeOther } from '../../http/see-other.ts'
import type { AccountPage, AccountPagesDeps } from '../account-page.ts'
import { keepLanguages, wantedLanguages } from '../page-languages.ts'
import type { RegistrationView } from '../page-views.ts'
import { askerOf, browserOf } from '../recovery/mail-steps.ts'
import { readRegistration } from './registration-form.ts'

const PATH = '/registration'

/** The form for a new account. Its answer is the same for an address that has one. */
export function createRegistrationPages(deps: AccountPagesDeps): AccountPage {
  const { answerPage, csrf, wayBack, pages, registration, budgets, device, minLength } = deps
  const show = (ctx: Context, state: Partial<RegistrationView>, status = 200) => {
    const { waitSeconds } = state
    if (waitSeconds !== undefined) ctx.set('Retry-After', String(Math.ceil(waitSeconds)))
    const path = keepLanguages(ctx, pages.publicPath + PATH)
    const view = { path, csrf: csrf.issue(ctx, PATH), minLength, back: wayBack.path(ctx) }
    answerPage(ctx, 'registration', { ...view, ...state }, { status })
  }

  return {
    async open(ctx) {
      const { from } = ctx.query
      if (typeof from === 'string') wayBack.remember(ctx, from)
      show(ctx, typeof from === 'string' ? { back: wayBack.pathTo(from) } : {})
    },
    async submit(ctx, form) {
      const { values, missing } = readRegistration(form)
      const { email: login, givenName, familyName, password } = values
      const shown = { login, givenName, familyName }
      if (missing.length > 0) return show(ctx, { ...shown, problem: 'missing', missing }, 422)
      const waitSeconds = await budgets.takeForPlace(ctx.ip)
      if (waitSeconds !== undefined) return show(ctx, { ...shown, problem: 'too-many', waitSeconds }, 429)
      const locale = pages.chooseLanguage(wantedLanguages(ctx))
      const registrant = { ...askerOf(ctx, device, login), browser: browserOf(ctx, csrf) }
      const outcome = await registration.register({ email: login, givenName, familyName, password, locale }, registrant)
      if (outcome.outcome === 'refused') return show(ctx, { ...shown, problem: outcome.reason }, 422)
      if (outcome.outcome === 'busy')
        return show(ctx, { ...shown, problem: 'busy', waitSeconds: outcome.retryAfterSeconds }, 503)
      seeOther(ctx, keepLanguages(ctx, `${pages.publicPath}/sent/registration`))
    },
  }
}
