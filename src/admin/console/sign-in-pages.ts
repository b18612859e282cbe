import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import type { FormTokens } from '../../http/form-tokens.ts'
import { readForm } from '../../http/read-body.ts'
import { requestState } from '../../http/request-state.ts'
import { seeOther } from '../../http/see-other.ts'
import type { Identify } from '../identify.ts'
import type { AnswerPage } from './answer-page.ts'
import type { createConsoleApi } from './console-api.ts'
import type { Form, Refusal } from './page.ts'
import type { ConsoleSessions, SignedIn } from './sessions.ts'

type SignInDeps = {
  readonly api: ReturnType<typeof createConsoleApi>
  readonly identify: Identify
  readonly sessions: ConsoleSessions
  readonly tokens: FormTokens
  readonly answerPage: AnswerPage
  readonly audit: Audit
}

const PATH = '/console/sign-in'
const HOME = '/console/'
const FORM = 'sign-in'
const LIMIT_BYTES = 8 * 1024

/** The way in: an administrator's e-mail address and password, or an admin token. */
export function createSignInPages({ api, identify, sessions, tokens, answerPage, audit }: SignInDeps) {
  function show(ctx: Context, form: Form, problem?: Refusal): void {
    const to = wayBack(form.to)
    const view = { done: ctx.query.done, to, email: form.email ?? '', problem, csrf: tokens.issue(ctx, FORM) }
    // A link from elsewhere arrives without the cookie of a strict session: going on from here brings it.
    const mayBeSignedIn = ctx.get('Sec-Fetch-Site') === 'cross-site'
    answerPage.page(ctx, 'sign-in', { ...view, mayBeSignedIn }, { status: problem?.status ?? 200 })
  }

  async function signInWithToken(ctx: Context, credential: string): Promise<SignedIn | Refusal> {
    const actor = await identify(credential)
    const facts = { ip: ctx.ip, requestId: requestState(ctx).requestId }
    if (actor) audit({ type: 'administrator.signed-in', actor: actor.name, reason: 'admin token', ...facts })
    else audit({ type: 'administrator.refused', reason: 'unknown admin token', ...facts })
    return actor ? { credential, name: actor.name } : UNKNOWN_TOKEN
  }

  async function signInWithPassword(ctx: Context, email: string, given: Form): Promise<SignedIn | Refusal> {
    const code = given.code?.trim()
    const body = { email, password: given.password, ...(code && { code }) }
    const answer = await api(ctx).send<{ session: string }>('POST', '/v1/sign-in', { body })
    return answer.outcome === 'done' ? { credential: answer.body.session, name: email } : answer.problem
  }

  function signIn(ctx: Context, form: Form): Promise<SignedIn | Refusal> | Refusal {
    const { way, token, email, password } = form
    if (way === 'token') return token?.trim() ? signInWithToken(ctx, token.trim()) : MISSING_TOKEN
    return email?.trim() && password ? signInWithPassword(ctx, email.trim(), form) : MISSING_PASSWORD
  }

  return {
    async open(ctx: Context): Promise<void> {
      show(ctx, { to: String(ctx.query.to ?? '') })
    },

    async submit(ctx: Context): Promise<void> {
      const form = await readForm(ctx, { limitBytes: LIMIT_BYTES })
      if (!tokens.isGenuine(ctx, FORM, form.csrf)) return show(ctx, form, NOT_GENUINE)
      const signedIn = await signIn(ctx, form)
      if (!('credential' in signedIn)) return show(ctx, form, signedIn)
      await sessions.open(ctx, signedIn)
      seeOther(ctx, wayBack(form.to))
    },

    /** Sends to the sign-in, which leads back to this page; after a form was sent, to the start, because its fields are lost. */
    demand(ctx: Context): void {
      const to = ctx.method === 'GET' && ctx.url !== HOME ? `?to=${encodeURIComponent(ctx.url)}` : ''
      seeOther(ctx, PATH + to)
    },
  }
}

const MISSING_TOKEN = { status: 422, message: 'Paste an admin token.' }
const MISSING_PASSWORD = { status: 422, message: 'Enter your e-mail address and your password.' }
const UNKNOWN_TOKEN = { status: 401, message: 'This admin token is wrong or expired.' }
const NOT_GENUINE = { status: 403, message: 'This page is too old. Sign in again.' }

/** Leads back to pages of the console only: the address comes from the link and may be forged. */
function wayBack(to: string | undefined): string {
  return to && /^\/console\/[\w\-./~%?=&+:@]*$/.test(to) && !to.startsWith(PATH) ? to : HOME
}
