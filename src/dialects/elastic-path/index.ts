import type { DialectRoute, OpenDialect } from '../dialect.ts'
import { keptForShop } from '../kept-for-shop.ts'
import { accountMemberTokenRoute } from './account-members.ts'
import { clientTokenRoute, SCOPES } from './client-tokens.ts'
import { customerTokenRoute } from './customer-tokens.ts'
import { customerRoutes } from './customers.ts'
import { discoveryRoutes } from './discovery.ts'
import { detailedError, detailedOutage } from './errors.ts'
import { oneTimePasswordRoute } from './one-time-passwords.ts'
import { createSignIn } from './sign-in.ts'
import { accountMemberToken, customerToken } from './tokens.ts'

const CLIENTS = 'urn:vestibule:dialect:elastic-path'
const CUSTOMERS = 'urn:vestibule:dialect:elastic-path:customers'
const ACCOUNT_MEMBERS = 'urn:vestibule:dialect:elastic-path:account-members'
const HOUR_SECONDS = 3600
const DAY_SECONDS = 86_400

/** Elastic Path Commerce Cloud, which was Moltin: a client's bearer first, then a person's token beside it. */
export const createElasticPath: OpenDialect = (settings, { clientId }) => {
  const refusedStatus = settings.ELASTIC_PATH_REFUSED_STATUS
  const backEnds = settings.ELASTIC_PATH_BACK_ENDS
  const length = { min: settings.PASSWORD_MIN_LENGTH, max: settings.PASSWORD_MAX_LENGTH }
  const forPeople = {
    // Without scopes: a token may do all that the person may.
    ...keptForShop(clientId),
    scopes: [],
    format: 'jwt',
    accessTokenTtlSeconds: DAY_SECONDS,
    hasResendingClients: refusedStatus === 401,
  } as const
  const signIn = createSignIn({ clientResource: CLIENTS, refusedStatus })
  const routes: DialectRoute[] = [
    clientTokenRoute(CLIENTS),
    customerTokenRoute(signIn, CUSTOMERS),
    accountMemberTokenRoute(signIn, ACCOUNT_MEMBERS, length),
    oneTimePasswordRoute(signIn),
    ...discoveryRoutes(signIn),
  ]
  const ofCustomers = customerRoutes({ signIn, resource: CUSTOMERS, backEnds }, length)
  return {
    name: 'elastic-path',
    resourceServers: [
      {
        identifier: CLIENTS,
        scopes: SCOPES.client_credentials.split(' '),
        anonymousScopes: [SCOPES.implicit],
        hasMachineTokens: true,
        format: 'jwt',
        accessTokenTtlSeconds: HOUR_SECONDS,
      },
      { identifier: CUSTOMERS, ...forPeople, shape: customerToken },
      { identifier: ACCOUNT_MEMBERS, ...forPeople, shape: accountMemberToken },
    ],
    routes: [
      ...withOtherMethods(routes),
      // After the others: "tokens" is no customer's id.
      ...withOtherMethods(ofCustomers),
      { method: 'ALL', path: '/v2/*rest', act: () => detailedError(404, {}) },
    ],
    onBadBody: (status) => detailedError(status, {}),
    onGone: () => detailedError(410, {}),
    onFailure: detailedOutage,
    onUnknownPath: () => detailedError(404, {}),
    requestHeaders: REQUEST_HEADERS,
  }
}

/** The routes, and the refusal of every other method of their paths. */
function withOtherMethods(routes: readonly DialectRoute[]): DialectRoute[] {
  const paths = [...new Set(routes.map(({ path }) => path))]
  return [...routes, ...paths.map((path): DialectRoute => ({ method: 'ALL', path, act: () => detailedError(405, {}) }))]
}

/** What the shop's SDKs send from browsers. */
const REQUEST_HEADERS = [
  'X-Moltin-Customer-Token',
  'EP-Account-Management-Authentication-Token',
  'X-Moltin-SDK-Language',
  'X-Moltin-SDK-Version',
  'X-Moltin-Application',
  'X-Moltin-Currency',
  'X-Moltin-Language',
  'X-Moltin-Auth-Store',
  'EP-Channel',
  'EP-Context-Tag',
]
