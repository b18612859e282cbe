import type { DialectAnswer, DialectRequest, DialectRoute, OAuthParameters, TokenRoute } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { answer, refuse, refuseAccept } from './answers.ts'
import { type Credentials, readCodeCredentials, readCredentials } from './credentials.ts'
import { customerView, findCustomer } from './customers.ts'
import { NO_ROUTE, notAuthorized } from './messages.ts'
import { readSignIn, refuseSignIn, type SignInForm } from './sign-in.ts'

export type RestEndpoints = {
  /** The audience of customers' tokens. */
  readonly audience: string
  readonly signInCustomer: (credentials: Credentials) => OAuthParameters
  readonly signInAdmin: (credentials: Credentials & { readonly otp?: string }) => OAuthParameters
  /** Store codes that may stand in a path. */
  readonly stores: readonly string[]
}

/** The web API's endpoints, below `/rest` and `/index.php/rest`, with or without a store code. */
export function restRoutes(endpoints: RestEndpoints): DialectRoute[] {
  return ['/rest', '/index.php/rest'].flatMap((root) => [
    ...routesBelow(`${root}{/:store}/V1`, endpoints),
    { method: 'ALL', path: `${root}{/*rest}`, act: noRoute },
  ])
}

function routesBelow(base: string, { audience, signInCustomer, signInAdmin, stores }: RestEndpoints): DialectRoute[] {
  const signInRoute = <T extends Credentials>(path: string, form: SignInForm<T>): TokenRoute => ({
    method: 'POST',
    path: `${base}${path}`,
    toOAuth: (request) => refuseEarly(request, stores) ?? readSignIn(request, form),
    fromSuccess: (tokens, context) => answer(200, tokens.accessToken, context),
    fromError: refuseSignIn,
  })
  return [
    signInRoute('/integration/customer/token', { read: readCredentials, toParameters: signInCustomer }),
    signInRoute('/integration/admin/token', { read: readCredentials, toParameters: signInAdmin }),
    signInRoute('/tfa/provider/google/authenticate', { read: readCodeCredentials, toParameters: signInAdmin }),
    {
      method: 'POST',
      path: `${base}/integration/customer/revoke-customer-token`,
      act: (request, services) => refuseEarly(request, stores) ?? signOut(request, services, audience),
    },
    {
      method: 'GET',
      path: `${base}/customers/me`,
      act: (request, services) => refuseEarly(request, stores) ?? showCustomer(request, services, audience),
    },
  ]
}

async function signOut(request: DialectRequest, services: DialectServices, audience: string): Promise<DialectAnswer> {
  const customer = await findCustomer(request, services, audience)
  if (!customer) return refuse(401, notAuthorized('self'), request.context)
  await services.signOutEverywhere(customer.id)
  return answer(200, true, request.context)
}

async function showCustomer(
  request: DialectRequest,
  services: DialectServices,
  audience: string,
): Promise<DialectAnswer> {
  const customer = await findCustomer(request, services, audience)
  return customer
    ? answer(200, customerView(customer), request.context)
    : refuse(401, notAuthorized('self'), request.context)
}

/** What is refused before anything is looked at: an Accept header that takes nothing of ours, an unknown store. */
function refuseEarly(request: DialectRequest, stores: readonly string[]): DialectAnswer | undefined {
  const { store } = request.params
  return refuseAccept(request.context) ?? (store && !stores.includes(store) ? noRoute(request) : undefined)
}

function noRoute({ context }: DialectRequest): DialectAnswer {
  return refuseAccept(context) ?? refuse(404, NO_ROUTE, context)
}
