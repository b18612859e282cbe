import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa, { type Context } from 'koa'
import { plainBrand } from '../../src/interaction/brand/brand.ts'
import type { LoginOffers } from '../../src/interaction/login/login-view.ts'
import type { SignIn } from '../../src/interaction/login-step.ts'
import { createPages } from '../../src/interaction/pages.ts'
import { createProtocolPages } from '../../src/interaction/protocol-pages.ts'
import { createInteractionRoutes, type InteractionRoutesDeps } from '../../src/interaction/routes.ts'
import { type Interaction, InteractionLost, type Interactions } from '../../src/oauth/browser/interactions.ts'

/** The interaction that most tests look at. */
export const northwind: Interaction = {
  uid: 'uid-login',
  prompt: 'login',
  client: {
    clientId: 'northwind',
    name: 'Northwind Trading',
    isFirstParty: false,
    policyUri: 'https://northwind.example/privacy',
    tosUri: 'https://northwind.example/terms',
  },
  uiLocales: [],
  wantsSecondFactor: false,
  requested: { scopes: [], claims: [] },
}

/** The right password of every customer here. */
export const password = 'change123'

const authenticate: SignIn = async (login, given) => {
  if (login === 'locked@example.com') return { outcome: 'locked', retryAfterSeconds: 350 }
  if (login === 'busy@example.com') return { outcome: 'busy', retryAfterSeconds: 3 }
  if (given !== password) return { outcome: 'refused', reason: 'wrong-password' }
  const customer = {
    id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
    idCustomer: 21,
    customerReference: 'DE--21',
    email: login,
    emailVerified: login !== 'unconfirmed@example.com',
    status: 'active',
    companyUsers: [],
  } as const
  const proof = { customerId: customer.id, madeAtMs: Date.now() }
  return customer.emailVerified ? { outcome: 'authenticated', customer, proof } : { outcome: 'unconfirmed', customer }
}

type PageServerOptions = { readonly viewsDirectory?: string; readonly offers?: LoginOffers }

/**
 * Our pages on a free port, over interactions that are found by the uid in the path as the cookie would. `finished`
 * lists how they ended; an ended interaction sends the browser to `callback`.
 */
export async function startPageServer({ viewsDirectory, offers = {} }: PageServerOptions = {}) {
  const pages = createPages({ viewsDirectory, brand: plainBrand('Acme Shop') })
  const protocol = createProtocolPages({ pages })
  const app = new Koa()
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const known = new Map<string, Interaction>()
  const finished: unknown[] = []
  const target = { callback: `${origin}/callback` }
  const finish = async (ctx: Context, ending: unknown) => {
    finished.push(ending)
    ctx.redirect(target.callback)
    ctx.status = 303
  }
  const interactions: Interactions = {
    async find(ctx) {
      const uid = ctx.get('X-Test-Uid') || ctx.path.split('/')[2]
      const found = known.get(uid ?? '')
      if (!found) throw new InteractionLost('no such interaction')
      return found
    },
    finishLogin: (ctx, result) => finish(ctx, result),
    grantConsent: (ctx) => finish(ctx, 'granted'),
    clientAt: async () => undefined,
    keepAccount: (ctx) => finish(ctx, 'granted'),
    chooseCompany: (ctx, companyUserId) => finish(ctx, { companyUserId }),
    refuseConsent: (ctx) => finish(ctx, 'aborted'),
    abort: (ctx) => finish(ctx, 'aborted'),
  }

  const csrfKeys = ['a key of at least sixteen characters'] as const
  const findCustomer = async () => ({ email: 'sonia@spryker.com', companyUsers: [], customerReference: 'DE--21' })
  app.silent = true
  app.use(async (ctx, next) => {
    ctx.state.requestId = '5f0c1c5e-8b1f-4c56-9a61-2f3f5f0a7f11'
    await next()
  })
  // No customer here has one.
  const secondFactor = {} as InteractionRoutesDeps['secondFactor']
  const deps = {
    interactions,
    authenticate,
    findCustomer,
    secondFactor,
    pages,
    issuer: origin,
    csrfKeys,
    offers,
    mandateTimeZone: 'UTC',
  } as const
  app.use(createInteractionRoutes(deps))
  app.use(protocolEndpoints(protocol, origin))
  server.on('request', app.callback())

  return {
    origin,
    pages,
    finished,
    target,
    add: (interaction: Interaction) => known.set(interaction.uid, interaction),
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

/** Scopes that their resource servers do not describe. */
export const asked = (...names: readonly string[]) => names.map((name) => ({ name }))

/** A running page server. */
export type PageServer = Awaited<ReturnType<typeof startPageServer>>

/** The library's endpoints as far as their pages go. */
function protocolEndpoints(protocol: ReturnType<typeof createProtocolPages>, origin: string) {
  const device = `<form id="op.deviceInputForm" novalidate method="post" action="${origin}/device">
  <input type="hidden" name="xsrf" value="secret"/>
  <input
    value="ABC&quot;&gt;" type="text" name="user_code" placeholder="Enter code" autofocus autocomplete="off"></input>
  </form>`
  const logout = `<form id="op.logoutForm" method="post" action="${origin}/logout/confirm"><input type="hidden" name="xsrf" value="secret"/></form>`
  const describe = (name: string) => ({ name, facts: { name, isFirstParty: false } })
  const [shop, television] = [describe('Northwind Trading'), describe('Living Room TV')] as const
  const confirm = {
    client: television,
    userCode: 'WDJB-MJHT',
    scopes: asked('openid', 'profile', 'orders:read'),
  }
  const routes: Record<string, (ctx: Context) => void> = {
    '/callback': (ctx) => {
      ctx.body = 'back at the client'
    },
    '/logout': (ctx) => protocol.renderLogout(ctx, logout, { endsOutside: false, client: undefined }),
    '/signed-out': (ctx) => protocol.renderSignedOut(ctx, { ...shop, home: 'https://northwind.example/' }),
    '/staying': (ctx) => protocol.renderStaying(ctx, shop),
    '/device': (ctx) => protocol.renderDeviceInput(ctx, device.replace('ABC&quot;&gt;', '')),
    '/device-wrong': (ctx) =>
      protocol.renderDeviceInput(ctx, device, Object.assign(new Error('unknown'), { name: 'NotFoundError' })),
    '/device-confirm': (ctx) => protocol.renderDeviceConfirm(ctx, device, confirm),
    '/device-done': (ctx) => protocol.renderDeviceDone(ctx, television),
    '/error': (ctx) =>
      protocol.renderError(
        ctx,
        {
          error: String(ctx.query.error ?? 'invalid_redirect_uri'),
          error_description: String(
            ctx.query.detail ?? "redirect_uri did not match any of the client's registered redirect_uris",
          ),
        },
        {},
      ),
  }
  return async (ctx: Context, next: () => Promise<void>) => {
    const route = Object.hasOwn(routes, ctx.path) ? routes[ctx.path] : undefined
    if (!route) return next()
    route(ctx)
  }
}
