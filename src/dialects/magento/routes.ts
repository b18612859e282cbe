import type {
  ActionRoute,
  DialectAnswer,
  DialectRequest,
  DialectRoute,
  OAuthFailure,
  OAuthParameters,
  TokenRoute,
} from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { accountRoutes } from './account-routes.ts'
import { agentRoutes } from './agent-routes.ts'
import { answer, fail, refuse, refuseAccept } from './answers.ts'
import { findCustomer, signOut } from './callers.ts'
import { mayActForCompany, NOT_OF_COMPANY } from './companies.ts'
import { type Credentials, readCodeCredentials, readCredentials, readTexts } from './credentials.ts'
import { readSignIn } from './customer-sign-in.ts'
import { customerView } from './customer-view.ts'
import { NO_ROUTE, notAuthorized } from './messages.ts'
import { ask, type Shop } from './shop.ts'
import { readForm, refuseSignIn, type SignInForm } from './sign-in.ts'
import { allTokens, tokenAnswer } from './token-answer.ts'

type Act = ActionRoute['act']

/** The web API's endpoints, below `/rest` and `/index.php/rest`, with or without a store code. */
export function restRoutes(shop: Shop): DialectRoute[] {
  return ['/rest', '/index.php/rest'].flatMap((root) => [
    ...routesBelow(`${root}{/:store}/V1`, shop),
    { method: 'ALL', path: `${root}{/*rest}`, act: noRoute },
  ])
}

function routesBelow(base: string, shop: Shop): DialectRoute[] {
  const guard =
    (act: Act): Act =>
    (request, services) =>
      refuseEarly(request, shop.stores) ?? act(request, services)
  const adminRoute = <T extends Credentials>(path: string, form: SignInForm<T>): TokenRoute => ({
    method: 'POST',
    path: `${base}${path}`,
    toOAuth: (request) => refuseEarly(request, shop.stores) ?? readForm(request, form),
    fromSuccess: (tokens, context) => answer(200, tokens.accessToken, context),
    fromError: refuseSignIn,
  })
  const action = (method: ActionRoute['method'], path: string, act: Act): ActionRoute => ({
    method,
    path: `${base}${path}`,
    act: guard(act),
  })
  return [
    customerToken(base, shop),
    refreshToken(base, shop),
    adminRoute('/integration/admin/token', { read: readCredentials, toParameters: ask.asAgent }),
    adminRoute('/tfa/provider/google/authenticate', { read: readCodeCredentials, toParameters: ask.asAgent }),
    action('POST', '/integration/customer/revoke-customer-token', async (request, services) => {
      const shown = await findCustomer(request, services)
      if (!shown) return refuse(401, notAuthorized('self'), request.context)
      await signOut(shown, services, shop.revokes)
      return answer(200, true, request.context)
    }),
    action('GET', '/customers/me', showCustomer),
    ...accountRoutes(base, shop, guard),
    ...agentRoutes(base, shop, guard),
  ]
}

function customerToken(base: string, shop: Shop): TokenRoute {
  return {
    method: 'POST',
    path: `${base}/integration/customer/token`,
    async toOAuth(request, services) {
      const refused = refuseEarly(request, shop.stores)
      if (refused) return refused
      const form = readForm(request, { read: readCredentials, toParameters: (credentials: Credentials) => credentials })
      if ('status' in form) return form as DialectAnswer // credentials have no status
      const read = await readSignIn(form as Credentials, services) // as above
      return 'given' in read ? tokenAnswer(read.given, request.context) : read.ask
    },
    fromSuccess: tokenAnswer,
    fromError: refuseSignIn,
  }
}

/** An addition to the shop's API: a token that goes on without the password. */
function refreshToken(base: string, shop: Shop): TokenRoute {
  return {
    method: 'POST',
    path: `${base}/integration/customer/refresh-customer-token`,
    toOAuth: (request): OAuthParameters | DialectAnswer =>
      refuseEarly(request, shop.stores) ??
      readForm(request, {
        read: (fields) => readTexts(fields, ['refresh_token']),
        toParameters: ({ refresh_token: token }) => ask.byRefreshToken(token),
      }),
    fromSuccess: allTokens,
    fromError(failure: OAuthFailure, context) {
      return failure.status >= 500 ? fail(failure, context) : refuse(401, notAuthorized('self'), context)
    },
  }
}

async function showCustomer(request: DialectRequest, services: DialectServices): Promise<DialectAnswer> {
  const shown = await findCustomer(request, services)
  if (!shown) return refuse(401, notAuthorized('self'), request.context)
  if (!mayActForCompany(request, shown.customer)) return refuse(403, { message: NOT_OF_COMPANY }, request.context)
  return answer(200, customerView(shown.customer), request.context)
}

/** What is refused before anything is looked at: an Accept header that takes nothing of ours, an unknown store. */
function refuseEarly(request: DialectRequest, stores: readonly string[]): DialectAnswer | undefined {
  const { store } = request.params
  return refuseAccept(request.context) ?? (store && !stores.includes(store) ? noRoute(request) : undefined)
}

function noRoute({ context }: DialectRequest): DialectAnswer {
  return refuseAccept(context) ?? refuse(404, NO_ROUTE, context)
}
