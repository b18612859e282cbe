import { Router } from '@koa/router'
import type { Context, Middleware } from 'koa'
import { requestState } from '../../http/request-state.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { seeOther } from '../../http/see-other.ts'
import type { OwnSession, OwnSessions } from '../../oauth/browser/own-sessions.ts'
import { createAnswerPage } from '../answer-page.ts'
import { createCsrf } from '../csrf.ts'
import type { DeviceCookie } from '../device-cookie.ts'
import { keepLanguages, queryLocales, wantedLanguages } from '../page-languages.ts'
import type { Pages } from '../pages.ts'
import { askerOf, browserOf } from '../recovery/mail-steps.ts'
import { createStandaloneForms, type Form } from '../standalone-forms.ts'
import { createGuard } from './guard.ts'
import type { KeptForms } from './kept-forms.ts'
import { PASSWORD_ACT } from './password-section.ts'
import { ACCOUNT_PAGES, type AccountAct, type AccountPageName, type AccountSection, type FormState } from './section.ts'
import type { Visit } from './visit.ts'

export type AccountAreaDeps = {
  readonly pages: Pages
  readonly issuer: string
  /** HMAC keys for form tokens, newest first. */
  readonly csrfKeys: readonly [string, ...string[]]
  readonly sessions: Pick<OwnSessions, 'find'>
  readonly keptForms: KeptForms
  /** The mark by which this browser is known to the account. */
  readonly device: DeviceCookie
  /** In the order in which they are shown. */
  readonly sections: readonly AccountSection[]
  /** Of passwords, in characters. */
  readonly minLength: number
}

type State = Partial<FormState> & { readonly status?: number }

/** The pages of a customer's account. */
export function createAccountArea(deps: AccountAreaDeps): Routes {
  const { pages, issuer, csrfKeys, sessions, keptForms, device, sections, minLength } = deps
  const { publicPath } = pages
  const csrf = createCsrf({ keys: csrfKeys, issuer })
  const answerPage = createAnswerPage(pages)
  const { problems, receive } = createStandaloneForms({ answerPage, csrf })
  const guard = createGuard({ issuer, publicPath })
  const links = ACCOUNT_PAGES.filter((page) => sections.some((section) => section.page === page)).map((page) => ({
    page,
    href: publicPath + pathOf(page),
  }))

  /** Undefined when the request was answered, because no customer who may see the account is signed in. */
  async function arrive(ctx: Context, path: string): Promise<Visit | undefined> {
    const session = await sessions.find(ctx)
    if (session) return visitOf(ctx, session)
    guard.signIn(ctx, path)
    return undefined
  }

  function visitOf(ctx: Context, session: OwnSession): Visit {
    const { customer } = session
    const own = customer.locale === undefined ? [] : [customer.locale.replaceAll('_', '-')]
    const addressOf = (path: string) => keepLanguages(ctx, `${publicPath}/account/${path}`)
    const languages = wantedLanguages(ctx, [...queryLocales(ctx), ...own])
    return {
      ctx,
      session,
      customer,
      languages,
      addressOf,
      asker: () => ({ ...askerOf(ctx, device, customer.email), languages, browser: browserOf(ctx, csrf) }),
      form: (path) => ({
        action: addressOf(path),
        csrf: csrf.issue(ctx, formName(path, session)),
      }),
    }
  }

  async function showPage(visit: Visit, page: AccountPageName, state: State = {}): Promise<void> {
    const { ctx, languages } = visit
    const shown = sections.filter((section) => section.page === page)
    const views = await Promise.all(shown.map((section) => section.show(visit)))
    const { status, problem, waitSeconds } = state
    const notice = problem === undefined ? readNotice(ctx) : undefined
    const parts = views.filter((view) => view !== undefined)
    const hasScript = parts.some((part) => part.hasScript)
    answerPage(
      ctx,
      'account',
      {
        page,
        hasScript,
        links: links.map((link) => ({ ...link, href: keepLanguages(ctx, link.href) })),
        signOut: keepLanguages(ctx, `${publicPath}/logout`),
        ...(notice !== undefined && { notice }),
        ...(problem !== undefined && { problem }),
        ...(waitSeconds !== undefined && { waitSeconds }),
        sections: parts,
      },
      { uiLocales: languages, hasScript, ...(status !== undefined && { status }) },
    )
  }

  /** The form of an act on a page of its own, or the page that its button is on. */
  async function showAct(visit: Visit, page: AccountPageName, act: AccountAct, state: State = {}): Promise<void> {
    if (!act.open) return showPage(visit, page, state)
    const { status, values = {}, ...rest } = state
    const section = await act.open(visit, { values, ...rest })
    if (!section) return unknown(visit.ctx)
    const { problem, fields, waitSeconds } = rest
    const view = {
      page,
      back: keepLanguages(visit.ctx, publicPath + pathOf(page)),
      minLength,
      ...(problem !== undefined && { problem }),
      ...(fields !== undefined && { fields }),
      ...(waitSeconds !== undefined && { waitSeconds }),
      section,
    }
    answerPage(visit.ctx, 'account-form', view, {
      uiLocales: visit.languages,
      hasSecretAddress: visit.ctx.query.token !== undefined,
      hasScript: section.hasScript === true,
      ...(status !== undefined && { status }),
    })
  }

  function unknown(ctx: Context): void {
    const view = {
      code: 'not_found',
      requestId: requestState(ctx).requestId,
      reload: keepLanguages(ctx, `${publicPath}/account`),
    }
    answerPage(ctx, 'error', view, { status: 404 })
  }

  const openAct =
    (page: AccountPageName, act: AccountAct): Middleware =>
    async (ctx) => {
      const path = `/account/${act.path}`
      const visit = await arrive(ctx, path + keptQuery(ctx))
      if (!visit) return
      if (!act.open) return seeOther(ctx, keepLanguages(ctx, publicPath + pathOf(page)))
      if (act.isSensitive && !guard.isFresh(visit.session, 'opening'))
        return guard.signIn(ctx, path + keptQuery(ctx), { login: visit.customer.email })
      const { kept } = ctx.query
      const of = { customerId: visit.customer.id, act: act.path }
      const values = typeof kept === 'string' ? await keptForms.find(of, kept) : undefined
      await showAct(visit, page, act, values ? { values, problem: 'send-again' } : {})
    }

  const submitAct =
    (page: AccountPageName, act: AccountAct): Middleware =>
    async (ctx) => {
      const path = `/account/${act.path}`
      const form = await receive(ctx)
      const visit = await arrive(ctx, path)
      if (!visit) return
      if (!csrf.isGenuine(ctx, formName(act.path, visit.session), form.csrf))
        return answerPage(
          ctx,
          'error',
          {
            code: 'form_not_genuine',
            requestId: requestState(ctx).requestId,
            reload: keepLanguages(ctx, publicPath + path),
          },
          { status: 403, uiLocales: visit.languages },
        )
      const { customer, session } = visit
      const values = kept(act, form)
      if (act.isSensitive && !guard.isFresh(session, 'sending')) {
        const name = await keptForms.keep({ customerId: customer.id, act: act.path }, values)
        return guard.signIn(ctx, `${path}?kept=${name}`, { login: customer.email })
      }
      const result = await act.submit(visit, form)
      if (result.outcome === 'answered') return
      if (result.outcome === 'unknown') return unknown(ctx)
      if (result.outcome === 'done') {
        const next = `${publicPath}${pathOf(result.page ?? page)}?done=${result.notice}`
        return seeOther(ctx, keepLanguages(ctx, next))
      }
      const { status = 422, waitSeconds } = result
      if (waitSeconds !== undefined) ctx.set('Retry-After', String(Math.ceil(waitSeconds)))
      await showAct(visit, page, act, { ...result, values, status })
    }

  const router = new Router()
  router.get('/account/signed-in', problems, async (ctx) => {
    const path = guard.pathAfterSignIn(ctx)
    if (await sessions.find(ctx)) return seeOther(ctx, publicPath + path)
    const refused = ctx.query.error === 'access_denied' ? 'access_denied' : 'interaction_lost'
    const view = { code: refused, requestId: requestState(ctx).requestId, reload: `${publicPath}/account` }
    answerPage(ctx, 'error', view, { status: refused === 'access_denied' ? 403 : 400 })
  })
  if (sections.some(({ acts }) => acts.some(({ path }) => path === PASSWORD_ACT)))
    // https://w3c.github.io/webappsec-change-password-url/
    router.get('/.well-known/change-password', (ctx) => seeOther(ctx, `${publicPath}/account/${PASSWORD_ACT}`))
  for (const { page, acts } of sections) {
    for (const act of acts) {
      router.get(`/account/${act.path}`, problems, openAct(page, act))
      router.post(`/account/${act.path}`, problems, submitAct(page, act))
    }
  }
  for (const { page } of links) {
    router.get(pathOf(page), problems, async (ctx) => {
      const visit = await arrive(ctx, pathOf(page))
      if (visit) await showPage(visit, page)
    })
  }
  return routed(router)
}

function pathOf(page: AccountPageName): string {
  return page === 'overview' ? '/account' : `/account/${page}`
}

/** A form that was made for one customer is not genuine for the next who signs in with the same browser. */
function formName(act: string, { customer }: OwnSession): string {
  return `account ${act} ${customer.id}`
}

function kept({ keeps = [] }: AccountAct, form: Form): Form {
  return Object.fromEntries(keeps.map((name) => [name, form[name] ?? '']))
}

/** What the address of a form keeps over a sign-in. */
function keptQuery({ query }: Context): string {
  for (const name of ['kept', 'id', 'token'] as const) {
    const value = query[name]
    if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return `?${new URLSearchParams({ [name]: value })}`
  }
  return ''
}

/** What an address says was just done; only codes that have a text are shown. */
function readNotice({ query: { done } }: Context): string | undefined {
  return typeof done === 'string' && /^[a-z-]{1,40}$/.test(done) ? done : undefined
}
