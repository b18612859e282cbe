import { Router } from '@koa/router'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { seeOther } from '../../http/see-other.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { UpstreamRequests } from './upstream-requests.ts'

export type ConnectRouteDeps = {
  readonly registry: Pick<UpstreamRegistry, 'find'>
  readonly protocol: Pick<UpstreamProtocol, 'begin'>
  readonly requests: Pick<UpstreamRequests, 'keep'>
  readonly sessions: Pick<OwnSessions, 'find'>
  readonly issuer: string
  readonly publicPath: string
  readonly onProblem: (upstreamId: string, problem: unknown) => void
}

/**
 * Sends a customer who is signed in to a provider, to connect it with the account. A link and no form: browsers hold the policy
 * of a page against wherever its forms lead. Nothing is connected before the customer says so on the page that follows.
 */
export function createConnectRoute(deps: ConnectRouteDeps): Routes {
  const { registry, protocol, requests, sessions, issuer, publicPath, onProblem } = deps
  const router = new Router()
  router.get('/upstreams/:id/connect', async (ctx) => {
    const { id = '' } = ctx.params as { id?: string } // the router decodes it
    const [usable, session] = [registry.find(id), await sessions.find(ctx)]
    const site = ctx.get('Sec-Fetch-Site')
    const isOurs = site === '' || site === 'same-origin' || site === 'none'
    const back = `${publicPath}/account/security`
    if (!usable || !session || !isOurs) return seeOther(ctx, back)
    try {
      const redirectUri = `${issuer}/upstreams/${id}/callback`
      const { url, request } = await protocol.begin(usable, { redirectUri })
      await requests.keep({ ...request, upstreamId: id, purpose: { of: 'account', customerId: session.customer.id } })
      seeOther(ctx, url)
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      onProblem(id, error)
      seeOther(ctx, `${back}?done=provider-away`)
    }
  })
  return routed(router)
}
