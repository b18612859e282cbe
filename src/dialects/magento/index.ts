import { AGENT_GRANT } from '../../oauth/grants/agent.ts'
import type { OpenDialect } from '../dialect.ts'
import { keptForShop } from '../kept-for-shop.ts'
import { fail, refuse } from './answers.ts'
import type { Credentials } from './credentials.ts'
import { graphqlOutage, graphqlRoutes, isGraphql } from './graphql/route.ts'
import { NO_ROUTE } from './messages.ts'
import { restRoutes } from './routes.ts'
import { magentoToken } from './token.ts'

const CUSTOMER = 'urn:vestibule:dialect:magento'
const ADMIN = 'urn:vestibule:dialect:magento-admin'
const HOUR_SECONDS = 3600
/** The shop has a setting of its own for each form. */
const ADMIN_HOURS = { opaque: 4, jwt: 1 } as const

/** Magento 2 and Adobe Commerce: the web API's and GraphQL's ways to sign in and out. */
export const createMagento: OpenDialect = (settings, { clientId }) => {
  const form = {
    format: settings.MAGENTO_TOKEN_FORMAT,
    algorithm: 'RS256',
    hasShortTokens: true,
    // A token is the customer here, or the admin: there is no scope that says less.
    ...keptForShop(clientId),
    throttle: { attempts: settings.MAGENTO_THROTTLE_ATTEMPTS, seconds: settings.MAGENTO_THROTTLE_SECONDS },
  } as const
  const adminHours = settings.MAGENTO_ADMIN_TOKEN_HOURS ?? ADMIN_HOURS[settings.MAGENTO_TOKEN_FORMAT]
  const hours = { customer: settings.MAGENTO_CUSTOMER_TOKEN_HOURS, admin: adminHours }
  const signInCustomer = ({ username, password }: Credentials) => ({
    grant_type: 'password',
    resource: CUSTOMER,
    scope: 'customer',
    username,
    password,
  })
  const signInAdmin = ({ username, password, otp }: Credentials & { readonly otp?: string }) => ({
    grant_type: AGENT_GRANT,
    resource: ADMIN,
    username,
    password,
    ...(otp !== undefined && { one_time_password: otp }),
  })
  return {
    name: 'magento',
    resourceServers: [
      {
        identifier: CUSTOMER,
        scopes: [],
        accessTokenTtlSeconds: seconds(hours.customer),
        ...form,
        shape: magentoToken,
      },
      {
        identifier: ADMIN,
        scopes: [],
        accessTokenTtlSeconds: seconds(hours.admin),
        ...form,
        shape: magentoToken,
      },
    ],
    routes: [
      ...restRoutes({ audience: CUSTOMER, signInCustomer, signInAdmin, stores: settings.MAGENTO_STORES }),
      ...graphqlRoutes({
        audience: CUSTOMER,
        signInCustomer,
        tokenHours: hours.customer,
        isAlwaysOk: settings.MAGENTO_GRAPHQL_STATUS === 'always-200',
      }),
    ],
    onBadBody: (status, context) =>
      refuse(status, { message: status === 413 ? 'Request body is too large.' : 'Decoding error.' }, context),
    onGone: (context) => refuse(410, { message: 'This API is no longer available.' }, context),
    onFailure: (cause, context) => (isGraphql(context) ? graphqlOutage(cause) : fail(cause, context)),
    onUnknownPath: (context) => refuse(404, NO_ROUTE, context),
    requestHeaders: ['Store', 'Content-Currency', 'X-Captcha', 'X-ReCaptcha', 'X-Requested-With'],
  }
}

function seconds(hours: number): number {
  return Math.max(1, Math.round(hours * HOUR_SECONDS))
}
