import { Router } from '@koa/router'
import type { Context, Middleware } from 'koa'
import { type Routes, routed } from '../http/routing/other-methods.ts'
import type { AccountPage, AccountRoutesDeps } from './account-page.ts'
import { createAnswerPage } from './answer-page.ts'
import { createCsrf } from './csrf.ts'
import { keepLanguages } from './page-languages.ts'
import { SENT_KINDS, type SentKind } from './page-views.ts'
import { createConfirmationPages } from './recovery/confirmation-pages.ts'
import { createEmailUndoPages } from './recovery/email-undo-pages.ts'
import { createRecoveryPages } from './recovery/recovery-pages.ts'
import { createUnblockPages } from './recovery/unblock-pages.ts'
import { createRegistrationPages } from './registration/registration-pages.ts'
import { createStandaloneForms } from './standalone-forms.ts'
import { createWayBack, NOTICES } from './way-back.ts'

/**
 * The pages for people who cannot sign in yet: recovery, unblock, registration, confirmation. They need mail, and stay
 * away where none can be sent.
 */
export function createAccountRoutes(routesDeps: AccountRoutesDeps): Routes {
  const { pages, issuer, csrfKeys } = routesDeps
  const { publicPath } = pages
  const csrf = createCsrf({ keys: csrfKeys, issuer })
  const answerPage = createAnswerPage(pages)
  const wayBack = createWayBack({ issuer, publicPath })
  const deps = { ...routesDeps, answerPage, csrf, wayBack }
  const { onForm, problems } = createStandaloneForms({ answerPage, csrf })
  const recovery = createRecoveryPages(deps)
  const registration = createRegistrationPages(deps)
  const unblock = createUnblockPages(deps)
  const confirmation = createConfirmationPages(deps)

  /** The page that sends one more; other kinds are sent from the page that they lead back to. */
  const againOf = (ctx: Context, kind: SentKind) =>
    kind === 'recovery' || kind === 'registration' ? keepLanguages(ctx, `${publicPath}/${kind}`) : undefined

  const router = new Router()
  const page = (path: string, { open, submit }: AccountPage) => {
    router.get(path, problems, open)
    router.post(path, problems, onForm(path, publicPath + path, submit))
  }
  page('/recovery', recovery.request)
  page('/recovery/new', recovery.choose)
  page('/unblock', unblock)
  page('/confirmation', confirmation)
  page('/email-undo', createEmailUndoPages(deps))
  if (routesDeps.isRegistrationOpen) page('/registration', registration)
  router.get(
    '/sent/:kind',
    oneOf(SENT_KINDS, (ctx, kind) =>
      answerPage(ctx, 'sent', { kind, back: wayBack.path(ctx), again: againOf(ctx, kind) }),
    ),
  )
  router.get(
    '/done/:notice',
    oneOf(NOTICES, (ctx, notice) => answerPage(ctx, 'done', { notice, recovery: `${publicPath}/recovery` })),
  )
  return routed(router)
}

/** Shows a page whose address ends in one of `names`; every other name is an unknown page. */
function oneOf<Name extends string>(names: readonly Name[], show: (ctx: Context, name: Name) => void): Middleware {
  return async (ctx, next) => {
    const { kind, notice } = ctx.params as { kind?: string; notice?: string } // the router decodes them
    const name = names.find((candidate) => candidate === (kind ?? notice))
    if (name === undefined) return next()
    show(ctx, name)
  }
}
