import type { Context } from 'koa'
import type { Confirmation } from '../../customers/recovery/registration.ts'
import type { AccountPage, AccountPagesDeps } from '../account-page.ts'
import { keepLanguages } from '../page-languages.ts'
import type { LinkView } from '../page-views.ts'
import { browserOf } from './mail-steps.ts'
import { tokenOf } from './token-address.ts'

const PATH = '/confirmation'

type Refused = { readonly problem?: LinkView['problem']; readonly status: number }

/** Where the link leads that confirms an e-mail address. */
export function createConfirmationPages(deps: AccountPagesDeps): AccountPage {
  const { answerPage, csrf, wayBack, pages, registration } = deps

  function show(ctx: Context, token: string, found: Confirmation, refused: Refused = { status: 200 }): void {
    const { problem, status } = refused
    const { email: login, needsPassword } = found
    const path = keepLanguages(ctx, pages.publicPath + PATH)
    const form = { path, csrf: csrf.issue(ctx, PATH), token, problem }
    answerPage(ctx, 'link', { ...form, kind: 'confirmation', login, needsPassword }, { status, hasSecretAddress: true })
  }
  const dead = (ctx: Context) => answerPage(ctx, 'link-dead', { kind: 'confirmation' }, { status: 410 })

  return {
    async open(ctx) {
      const token = tokenOf(ctx)
      const found = await registration.find(token, browserOf(ctx, csrf))
      if (!found) return dead(ctx)
      show(ctx, token, found)
    },
    async submit(ctx, { token = '', password = '' }) {
      const browser = browserOf(ctx, csrf)
      const found = await registration.find(token, browser)
      if (!found) return dead(ctx)
      if (found.needsPassword && !password) return show(ctx, token, found, { problem: 'missing', status: 422 })
      const confirmed = await registration.confirm(token, { browser, password, ip: ctx.ip })
      if (confirmed.outcome === 'dead') return dead(ctx)
      if (confirmed.outcome === 'confirmed') return wayBack.follow(ctx, 'confirmed')
      if (confirmed.outcome === 'wrong-password') return show(ctx, token, found, { problem: 'wrong', status: 422 })
      ctx.set('Retry-After', String(Math.ceil(confirmed.retryAfterSeconds)))
      show(ctx, token, found, { problem: 'busy', status: 503 })
    },
  }
}
