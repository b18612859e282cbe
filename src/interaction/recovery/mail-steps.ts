import type { Context } from 'koa'
import type { MailBudgets } from '../../customers/recovery/recovery-budgets.ts'
import type { Asker } from '../../customers/recovery/recovery-letters.ts'
import type { Unblock } from '../../customers/recovery/recovery-unblock.ts'
import type { Registration } from '../../customers/recovery/registration.ts'
import { seeOther } from '../../http/see-other.ts'
import type { Csrf } from '../csrf.ts'
import type { DeviceCookie } from '../device-cookie.ts'
import { keepLanguages, wantedLanguages } from '../page-languages.ts'
import type { SentKind } from '../page-views.ts'
import type { Step } from '../step.ts'
import { createWayBack } from '../way-back.ts'

export type MailStepsDeps = {
  readonly budgets: MailBudgets
  readonly device: DeviceCookie
  readonly unblock: Pick<Unblock, 'request'>
  readonly registration: Pick<Registration, 'requestConfirmation'>
}

type Deps = MailStepsDeps & { readonly csrf: Csrf; readonly issuer: string; readonly publicPath: string }

/** The buttons of the login page that send a mail. The answer is the same whether or not there is an account. */
export function createMailSteps({ budgets, device, unblock, registration, csrf, issuer, publicPath }: Deps) {
  const wayBack = createWayBack({ issuer, publicPath })

  const step =
    (kind: SentKind, request: (login: string, asker: Asker, ctx: Context) => void): Step =>
    async (ctx, { uid, uiLocales }, { login = '' }) => {
      const { languages, ...asked } = askerOf(ctx, device, login)
      const asker = { ...asked, languages: [...uiLocales, ...languages] }
      if ((await budgets.takeForPlace(ctx.ip)) === undefined) request(login.trim(), asker, ctx)
      wayBack.remember(ctx, uid)
      seeOther(ctx, keepLanguages(ctx, `${publicPath}/sent/${kind}`, uiLocales))
    }

  return {
    unblock: step('unblock', (login, asker) => unblock.request(login, asker)),
    confirmation: step('confirmation', (login, asker, ctx) =>
      registration.requestConfirmation(login, { ...asker, browser: browserOf(ctx, csrf) }),
    ),
  }
}

/** Who asks for a mail to the account with this login. */
export function askerOf(ctx: Context, device: DeviceCookie, login: string): Asker {
  const deviceId = device.idFor(ctx, login)
  return { ip: ctx.ip, languages: wantedLanguages(ctx), ...(deviceId !== undefined && { deviceId }) }
}

/** A mark of this browser that no form carries: made of the cookie that guards forms. */
export function browserOf(ctx: Context, csrf: Csrf): string {
  return csrf.issue(ctx, 'browser')
}
