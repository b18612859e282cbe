import { Router } from '@koa/router'
import type { Context } from 'koa'
import { BodyError, readForm } from '../../http/read-body.ts'
import { requestState } from '../../http/request-state.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { seeOther } from '../../http/see-other.ts'
import { createAnswerPage } from '../answer-page.ts'
import type { Pages } from '../pages.ts'
import type { Form } from '../standalone-forms.ts'
import type { ProviderAnswer, RequestPurpose, UpstreamRequests } from './upstream-requests.ts'

export type CallbackRoutesDeps = {
  readonly pages: Pages
  readonly requests: Pick<UpstreamRequests, 'answer'>
  /** Ends what a provider says has ended; false for a token that is not one of its own. */
  readonly takeLogoutToken: (upstreamId: string, token: string) => Promise<boolean>
  /** Where a person goes on who signed out at the provider. */
  readonly afterSignOut: (state: string) => Promise<string | undefined>
}

const LIMIT_BYTES = 64 * 1024
const PARAMETERS = ['state', 'code', 'error', 'iss', 'user'] as const

/**
 * The addresses that providers know. The callback takes an answer in the query or as a form of another site, which comes
 * without our cookies; both go on by a redirect to the page that asked, which has them.
 */
export function createCallbackRoutes(deps: CallbackRoutesDeps): Routes {
  const { pages, requests, takeLogoutToken, afterSignOut } = deps
  const answerPage = createAnswerPage(pages)

  const fail = (ctx: Context, code: string, status = 400, detail?: string) =>
    answerPage(ctx, 'error', { code, requestId: requestState(ctx).requestId, ...(detail && { detail }) }, { status })

  async function take(ctx: Context, given: Form): Promise<void> {
    const { state = '', ...answer } = given
    const { id = '' } = ctx.params as { id?: string } // the router decodes it
    const isComplete = (answer.code === undefined) !== (answer.error === undefined)
    const request = isComplete ? await requests.answer(id, state, toAnswer(answer)) : undefined
    if (!request) return fail(ctx, 'interaction_lost')
    seeOther(ctx, pages.publicPath + pathOf(request.purpose, state))
  }

  const router = new Router()
  router.get('/upstreams/:id/callback', async (ctx) => {
    const given = PARAMETERS.map((name) => [name, ctx.query[name]] as const)
    if (given.some(([, value]) => Array.isArray(value)))
      return fail(ctx, 'form_malformed', 400, 'a parameter must not appear twice')
    // Those that are there are texts.
    await take(ctx, Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Form)
  })
  router.post('/upstreams/:id/callback', async (ctx) => {
    const form = await formOf(ctx, (error) => fail(ctx, 'form_malformed', error.status, error.message))
    if (form) await take(ctx, form)
  })
  router.post('/upstreams/:id/backchannel-logout', async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const refuse = (status: number, error_description: string) => {
      ctx.status = status
      ctx.body = { error: 'invalid_request', error_description }
    }
    const form = await formOf(ctx, (error) => refuse(error.status, error.message))
    if (!form) return
    const { id = '' } = ctx.params as { id?: string } // the router decodes it
    const { logout_token: token } = form
    if (token === undefined || token === '') return refuse(400, 'logout_token is missing')
    if (!(await takeLogoutToken(id, token))) return refuse(400, 'logout_token is not valid here')
    ctx.status = 200
    ctx.body = ''
  })
  router.get('/upstreams/:id/signed-out', async (ctx) => {
    const { state } = ctx.query
    const next = typeof state === 'string' ? await afterSignOut(state) : undefined
    if (next === undefined) return fail(ctx, 'interaction_lost')
    seeOther(ctx, next)
  })
  return routed(router)
}

async function formOf(ctx: Context, refuse: (error: BodyError) => void): Promise<Form | undefined> {
  try {
    return await readForm(ctx, { limitBytes: LIMIT_BYTES })
  } catch (error) {
    if (!(error instanceof BodyError)) throw error
    refuse(error)
    return undefined
  }
}

/** A provider sends other parameters along, which are dropped. */
function toAnswer({ code, error, iss, user }: Form): ProviderAnswer {
  const known = Object.entries({ code, error, iss, user }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known)
}

function pathOf(purpose: RequestPurpose, state: string): string {
  return purpose.of === 'interaction'
    ? `/interaction/${purpose.uid}/upstream?state=${state}`
    : `/account/security/connect?token=${state}`
}
