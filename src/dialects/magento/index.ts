import { ConfigError } from '../../config.ts'
import type { Dialect, OpenDialect } from '../dialect.ts'
import { keptForShop } from '../kept-for-shop.ts'
import { fail, refuse } from './answers.ts'
import { graphqlOutage, graphqlRoutes, isGraphql } from './graphql/route.ts'
import { NO_ROUTE } from './messages.ts'
import { restRoutes } from './routes.ts'
import { ADMIN, CUSTOMER, EXCHANGE_SCOPE, INTEGRATION, type Shop } from './shop.ts'
import { magentoToken } from './token.ts'

const HOUR_SECONDS = 3600
/** The shop has a setting of its own for each form. */
const ADMIN_HOURS = { opaque: 4, jwt: 1 } as const

const INTEGRATIONS = { identifier: INTEGRATION, scopes: [EXCHANGE_SCOPE] }

type Settings = Parameters<OpenDialect>[0]

/** Magento 2 and Adobe Commerce: what customers and agents do to sign in and to their accounts, by the web API and by GraphQL. */
export const createMagento: OpenDialect = (settings, { clientId }) => {
  refuseUnprovedAddresses(settings)
  const shop: Shop = {
    stores: settings.MAGENTO_STORES,
    tokenHours: settings.MAGENTO_CUSTOMER_TOKEN_HOURS,
    codeSeconds: settings.MAGENTO_OTP_SECONDS,
    revokes: settings.MAGENTO_REVOKE,
    takesExternalCustomers: settings.MAGENTO_EXTERNAL_CUSTOMERS,
    minPasswordLength: settings.PASSWORD_MIN_LENGTH,
    maxPasswordLength: settings.PASSWORD_MAX_LENGTH,
    needsConfirmation: settings.REGISTRATION_CONFIRMATION === 'required',
  }
  return {
    name: 'magento',
    resourceServers: resourceServers(settings, shop, clientId),
    routes: [
      ...restRoutes(shop),
      ...graphqlRoutes({ shop, isAlwaysOk: settings.MAGENTO_GRAPHQL_STATUS === 'always-200' }),
    ],
    onBadBody: (status, context) =>
      refuse(status, { message: status === 413 ? 'Request body is too large.' : 'Decoding error.' }, context),
    onGone: (context) => refuse(410, { message: 'This API is no longer available.' }, context),
    onFailure: (cause, context) => (isGraphql(context) ? graphqlOutage(cause) : fail(cause, context)),
    onUnknownPath: (context) => refuse(404, NO_ROUTE, context),
    requestHeaders: ['Store', 'Content-Currency', 'X-Adobe-Company', 'X-Captcha', 'X-ReCaptcha', 'X-Requested-With'],
  }
}

function resourceServers(settings: Settings, shop: Shop, ownClient: string): Dialect['resourceServers'] {
  const form = {
    scopes: [],
    format: settings.MAGENTO_TOKEN_FORMAT,
    algorithm: 'RS256',
    hasShortTokens: true,
    // A token is the customer here, or the admin: there is no scope that says less.
    ...keptForShop(ownClient),
    throttle: { attempts: settings.MAGENTO_THROTTLE_ATTEMPTS, seconds: settings.MAGENTO_THROTTLE_SECONDS },
    shape: magentoToken,
  } as const
  const adminHours = settings.MAGENTO_ADMIN_TOKEN_HOURS ?? ADMIN_HOURS[settings.MAGENTO_TOKEN_FORMAT]
  const vouching = { resource: INTEGRATION, scope: EXCHANGE_SCOPE }
  return [
    {
      ...form,
      identifier: CUSTOMER,
      accessTokenTtlSeconds: seconds(shop.tokenHours),
      agentsFrom: ADMIN,
      takesResetKeys: true,
      ...(shop.takesExternalCustomers && { vouching }),
    },
    { ...form, identifier: ADMIN, accessTokenTtlSeconds: seconds(adminHours) },
    ...(shop.takesExternalCustomers
      ? [{ ...INTEGRATIONS, machineScopes: [EXCHANGE_SCOPE], hasMachineTokens: true, format: 'opaque' } as const]
      : []),
  ]
}

function seconds(hours: number): number {
  return Math.max(1, Math.round(hours * HOUR_SECONDS))
}

/** Who vouches for an address takes the account that has it: a stranger must not have made that. */
function refuseUnprovedAddresses(settings: Settings): void {
  const { MAGENTO_EXTERNAL_CUSTOMERS, REGISTRATION, REGISTRATION_CONFIRMATION } = settings
  if (!MAGENTO_EXTERNAL_CUSTOMERS || REGISTRATION !== 'open' || REGISTRATION_CONFIRMATION !== 'none') return
  throw new ConfigError([
    'MAGENTO_EXTERNAL_CUSTOMERS needs addresses that are their owners’: set REGISTRATION_CONFIRMATION=required, or REGISTRATION=closed.',
  ])
}
