import { Router } from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { Actor } from '../../administrators/administrator.ts'
import { mayDo, type Permission } from '../../administrators/role.ts'
import type { Audit } from '../../audit/events.ts'
import { serveAsset } from '../../http/assets.ts'
import { createFormTokens } from '../../http/form-tokens.ts'
import { readForm } from '../../http/read-body.ts'
import { allow, methodsOf } from '../../http/routing/other-methods.ts'
import { seeOther } from '../../http/see-other.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AdminApi } from '../api.ts'
import type { Identify } from '../identify.ts'
import { createAnswerPage } from './answer-page.ts'
import { createConsoleApi } from './console-api.ts'
import { createOneTimeNotes } from './one-time-notes.ts'
import type { ConsoleRequest, Form, ShowOptions } from './page.ts'
import { PAGES } from './pages.ts'
import { type ConsoleSession, createConsoleSessions, isHttps } from './sessions.ts'
import { createSignInPages } from './sign-in-pages.ts'
import { createConsoleViews } from './views.ts'

export type ConsoleDeps = {
  readonly api: AdminApi
  readonly identify: Identify
  readonly storage: Storage
  /** HMAC keys for form tokens, newest first. */
  readonly formKeys: readonly [string, ...string[]]
  readonly audit: Audit
  readonly onError: (error: unknown, requestId: string) => void
}

const FORM_LIMIT_BYTES = 64 * 1024

/**
 * The operators' pages, below `/console/`: plain HTML over the admin API, asked with the operator's own credential. They
 * work without scripts; each form carries a token, and its answer is a page or a 303.
 */
export function createConsole({ api, identify, storage, formKeys, audit, onError }: ConsoleDeps): Middleware {
  const views = createConsoleViews()
  const apiFor = createConsoleApi(api)
  const sessions = createConsoleSessions(storage)
  const notes = createOneTimeNotes(storage)
  const answerPage = createAnswerPage({ views, onError })
  const tokens = createFormTokens({
    keys: formKeys,
    cookie: { name: 'vestibule.console-form', sameSite: 'strict', path: '/' },
    isSecure: isHttps,
    // Behind a proxy that renames the host only the browser knows, and it says so where it matters: on https.
    isOurs: (ctx, origin) => ctx.get('Sec-Fetch-Site') === 'same-origin' || URL.parse(origin)?.host === ctx.get('Host'),
  })
  const signIn = createSignInPages({ api: apiFor, identify, sessions, tokens, answerPage, audit })

  function requestOf(ctx: Context, session: ConsoleSession, operator: Actor): ConsoleRequest {
    const may = (action: Permission) => mayDo(operator.role, action)
    const shared = {
      operator: { ...operator, name: session.name },
      may,
      csrf: tokens.issue(ctx, session.id),
      path: ctx.path,
      section: sectionOf(ctx.path),
    }
    return {
      ctx,
      api: apiFor(ctx, operator),
      operator,
      params: ctx.params as Record<string, string>, // the router decodes them
      query: Object.fromEntries(new URLSearchParams(ctx.querystring)),
      show: (name: string, view: object, options?: ShowOptions) =>
        answerPage.page(ctx, name, { done: ctx.query.done, ...view, ...shared }, options),
      showOnce: (path, value) => notes.keep(session.id, path, value),
      takeOnce: () => notes.take(session.id, ctx.path),
    }
  }

  /** Serves operators who are signed in; sends others to the sign-in, which leads back here. */
  function onRequest(step: (request: ConsoleRequest, session: ConsoleSession) => Promise<void>): Middleware {
    return async (ctx: Context) => {
      const session = await sessions.find(ctx)
      const operator = session && (await identify(session.credential))
      if (!session || !operator) return signIn.demand(ctx)
      // A page that refreshes itself does not show that the operator is present.
      if (ctx.query.watch === undefined) await sessions.extend(session)
      if (operator.lacksSecondFactor && !MAY_BE_WITHOUT.includes(ctx.path)) return seeOther(ctx, SECOND_FACTOR)
      await step(requestOf(ctx, session, operator), session)
    }
  }

  const onForm = (submit: (request: ConsoleRequest, form: Form, session: ConsoleSession) => Promise<void>) =>
    onRequest(async (request, session) => {
      const form: Form = await readForm(request.ctx, { limitBytes: FORM_LIMIT_BYTES })
      if (!tokens.isGenuine(request.ctx, session.id, form.csrf)) return answerPage.refusedForm(request.ctx)
      await submit(request, form, session)
    })

  const router = new Router({ prefix: '/console' })
  router.get('/assets/:name', serveAsset(views.asset))
  router.use(answerPage.problems)
  router.get('/sign-in', signIn.open)
  router.post('/sign-in', signIn.submit)
  router.post(
    '/sign-out',
    onForm(async ({ ctx, api: asked }, _form, { credential }) => {
      await asked.send('POST', '/v1/self/sign-out', { body: { session: credential } })
      await sessions.close(ctx)
      seeOther(ctx, '/console/sign-in?done=signed-out')
    }),
  )
  for (const { path, open, submit } of PAGES) {
    router.get(
      path,
      onRequest((request) => open(request)),
    )
    if (submit) router.post(path, onForm(submit))
  }
  const routes = router.routes() as unknown as Middleware // the router's own context type is not Koa's

  return async function serveConsole(ctx, next) {
    if (ctx.path === '/' && ctx.method === 'GET' && ctx.accepts('json', 'html') === 'html') return seeOther(ctx, HOME)
    if (ctx.path === '/console') return seeOther(ctx, HOME)
    if (!ctx.path.startsWith(HOME)) return next()
    // Koa refuses secure cookies on a plain connection; the proxy's is not.
    if (isHttps(ctx)) Object.assign(ctx.cookies, { secure: true })
    await routes(ctx, async () => {
      const methods = methodsOf(router, ctx.path)
      answerPage.notFound(ctx)
      if (methods.length === 0) return
      ctx.status = 405
      ctx.set('Allow', allow(methods))
    })
  }
}

const HOME = '/console/'
const SECOND_FACTOR = '/console/second-factor'
/** Where an administrator goes who has yet to get the second factor that is required. */
const MAY_BE_WITHOUT: readonly string[] = [SECOND_FACTOR, '/console/sign-out', '/console/password']

/** `/console/clients/frontend` → `clients`, for the navigation. */
function sectionOf(path: string): string {
  return path.split('/')[2] || 'overview'
}
