import type { Context } from 'koa'
import type { Customer } from '../../customers/customer.ts'
import { seeOther } from '../../http/see-other.ts'
import type { AccountPage, AccountPagesDeps } from '../account-page.ts'
import { keepLanguages, wantedLanguages } from '../page-languages.ts'
import type { NewPasswordView, RecoveryView } from '../page-views.ts'
import type { Form } from '../standalone-forms.ts'
import { askerOf } from './mail-steps.ts'
import { passwordProblem, refusedPassword } from './password-form.ts'
import { tokenOf } from './token-address.ts'

const REQUEST = '/recovery'
const CHOOSE = '/recovery/new'

/** "Forgot your password?": asking for a link, and choosing a new password with it. */
export function createRecoveryPages(deps: AccountPagesDeps): { request: AccountPage; choose: AccountPage } {
  return { request: createRequestPage(deps), choose: createChoosePage(deps) }
}

function createRequestPage(deps: AccountPagesDeps): AccountPage {
  const { answerPage, csrf, wayBack, pages, recovery, budgets, device } = deps
  const show = (ctx: Context, state: Partial<RecoveryView>, status = 200) => {
    const path = keepLanguages(ctx, pages.publicPath + REQUEST)
    const view = { path, csrf: csrf.issue(ctx, REQUEST), back: wayBack.path(ctx) }
    answerPage(ctx, 'recovery', { ...view, ...state }, { status })
  }

  return {
    async open(ctx) {
      const { from } = ctx.query
      if (typeof from === 'string') wayBack.remember(ctx, from)
      show(ctx, typeof from === 'string' ? { back: wayBack.pathTo(from) } : {})
    },
    async submit(ctx, { login = '' }) {
      if (!login.trim()) return show(ctx, { problem: 'missing' }, 422)
      const waitSeconds = await budgets.takeForPlace(ctx.ip)
      if (waitSeconds !== undefined) {
        ctx.set('Retry-After', String(waitSeconds))
        return show(ctx, { login, problem: 'too-many', waitSeconds }, 429)
      }
      recovery.request(login.trim(), askerOf(ctx, device, login))
      seeOther(ctx, keepLanguages(ctx, `${pages.publicPath}/sent/recovery`))
    },
  }
}

/** The form for a new password, as it is shown again: with what was ticked, and without what was typed. */
type Shown = Pick<NewPasswordView, 'token' | 'problem'> & {
  readonly kept?: readonly string[]
  readonly status?: number
}

function createChoosePage(deps: AccountPagesDeps): AccountPage {
  const { answerPage, csrf, wayBack, pages, recovery, device, minLength, passkeys } = deps
  const show = async (ctx: Context, customer: Customer, { kept = [], status = 200, ...state }: Shown) => {
    const path = keepLanguages(ctx, pages.publicPath + CHOOSE)
    const listed = ((await passkeys?.list(customer.id)) ?? []).map(({ id, name, createdAt }) => ({
      id,
      ...(name !== undefined && { name }),
      createdAt: createdAt.getTime() / 1000,
      isKept: kept.includes(id),
    }))
    const view = { path, csrf: csrf.issue(ctx, CHOOSE), minLength, login: customer.email, passkeys: listed }
    answerPage(ctx, 'new-password', { ...view, ...state }, { status, hasSecretAddress: true })
  }
  const dead = (ctx: Context) =>
    answerPage(ctx, 'link-dead', { kind: 'recovery', again: pages.publicPath + REQUEST }, { status: 410 })

  return {
    async open(ctx) {
      const token = tokenOf(ctx)
      const customer = await recovery.find(token)
      if (!customer) return dead(ctx)
      await show(ctx, customer, { token })
    },
    async submit(ctx, form) {
      const { token = '', password = '' } = form
      const customer = await recovery.find(token)
      if (!customer) return dead(ctx)
      const problem = passwordProblem(form)
      const context = { ip: ctx.ip, deviceId: device.mark(ctx, customer.email) }
      const recovered = problem
        ? ({ outcome: 'refused', reason: problem } as const)
        : await recovery.finish(token, password, context, {
            languages: wantedLanguages(ctx),
            keptPasskeys: keptIn(form),
          })
      if (recovered.outcome === 'dead') return dead(ctx)
      if (recovered.outcome === 'changed') return wayBack.follow(ctx, 'password-changed')
      await show(ctx, customer, { token, kept: keptIn(form), ...refusedPassword(ctx, recovered) })
    },
  }
}

/** The passkeys that the person knows: `keep-ID=yes`, for a form has each field once. */
function keptIn(form: Form): string[] {
  return Object.keys(form)
    .filter((name) => name.startsWith('keep-'))
    .map((name) => name.slice('keep-'.length))
}
