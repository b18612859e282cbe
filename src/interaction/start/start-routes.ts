import { Router } from '@koa/router'
import type { Context } from 'koa'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { seeOther } from '../../http/see-other.ts'
import { createAnswerPage } from '../answer-page.ts'
import { keepLanguages } from '../page-languages.ts'
import type { Pages } from '../pages.ts'

export type StartRoutesDeps = {
  readonly pages: Pages
  readonly issuer: string
  readonly brandName: string
  /** Whether a forgotten password can be replaced here. */
  readonly offersRecovery: boolean
  /** Whether a customer is signed in with this browser: they go on to their account. */
  readonly isSignedIn: (ctx: Context) => Promise<boolean>
}

const ACCOUNT = '/account'

/** The address of the server itself. */
export function createStartRoutes({ pages, issuer, brandName, offersRecovery, isSignedIn }: StartRoutesDeps): Routes {
  const answerPage = createAnswerPage(pages)
  const { publicPath } = pages

  const router = new Router()
  router.get('/', async (ctx) => {
    ctx.vary('Accept')
    if (ctx.accepts('html', 'json') === 'json') {
      ctx.body = { name: brandName, issuer, openid_configuration: `${issuer}/.well-known/openid-configuration` }
      return
    }
    if (await isSignedIn(ctx)) return seeOther(ctx, keepLanguages(ctx, publicPath + ACCOUNT))
    answerPage(ctx, 'start', offersRecovery ? { recovery: keepLanguages(ctx, `${publicPath}/recovery`) } : {})
  })
  return routed(router)
}
