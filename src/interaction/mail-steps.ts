import type { Context } from 'koa'
import type { MailBudgets } from '../customers/recovery-budgets.ts'
import type { Asker } from '../customers/recovery-letters.ts'
import type { Unblock } from '../customers/recovery-unblock.ts'
import type { Registration } from '../customers/registration.ts'
import type { Csrf } from './csrf.ts'
import type { SentKind } from './page-views.ts'
import type { Step } from './step.ts'
import { createWayBack, seeOther } from './way-back.ts'

export type MailStepsDeps = {
  readonly budgets: MailBudgets
  readonly unblock: Pick<Unblock, 'request'>
  readonly registration: Pick<Registration, 'requestConfirmation'>
}

type Deps = MailStepsDeps & { readonly csrf: Csrf; readonly issuer: string; readonly publicPath: string }

/** The buttons of the login page that send a mail. The answer is the same whether or not there is an account. */
export function createMailSteps({ budgets, unblock, registration, csrf, issuer, publicPath }: Deps) {
  const wayBack = createWayBack({ issuer, publicPath })

  const step =
    (kind: SentKind, request: (login: string, ctx: Context) => void): Step =>
    async (ctx, { uid }, { login = '' }) => {
      if ((await budgets.takeForPlace(ctx.ip)) === undefined) request(login.trim(), ctx)
      wayBack.remember(ctx, uid)
      seeOther(ctx, `${publicPath}/sent/${kind}`)
    }

  return {
    unblock: step('unblock', (login, ctx) => unblock.request(login, askerOf(ctx))),
    confirmation: step('confirmation', (login, ctx) =>
      registration.requestConfirmation(login, { ...askerOf(ctx), browser: browserOf(ctx, csrf) }),
    ),
  }
}

/** Who asks for a mail. */
export function askerOf(ctx: Context): Asker {
  return { ip: ctx.ip, languages: ctx.acceptsLanguages() }
}

/** A mark of this browser that no form carries: made of the cookie that guards forms. */
export function browserOf(ctx: Context, csrf: Csrf): string {
  return csrf.issue(ctx, 'browser')
}
