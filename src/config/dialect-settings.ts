import { z } from 'zod'
import {
  count,
  flag,
  hours,
  list,
  listOrNone,
  pairs,
  resourceIdentifier,
  type Setting,
  seconds,
  secondsOrNone,
} from './setting.ts'

/** The dialects there are. */
export const DIALECT_NAMES = [
  'spryker',
  'spryker-backend',
  'elastic-path',
  'magento',
  'commercetools',
  'sap-commerce',
  'slas',
] as const
export type DialectName = (typeof DIALECT_NAMES)[number]

/** The client of the demo shop that every dialect can stand on. */
const DEMO_CLIENT = 'frontend'

/** The shop token APIs beside OAuth, and what is special about each. */
export const dialectSettings = {
  DIALECTS: {
    type: listOrNone,
    default: 'spryker,elastic-path,magento,commercetools',
    productionDefault: 'none',
    sentence: `Shop token APIs to serve beside OAuth, comma separated: of ${DIALECT_NAMES.join(', ')}; or none.`,
  },
  DIALECT_CLIENTS: {
    type: pairs,
    default: DIALECT_NAMES.map((name) => `${name}=${DEMO_CLIENT}`).join(','),
    productionDefault: '',
    sentence:
      'The public client that a dialect uses when a request names none, as name=client_id. Each dialect of DIALECTS needs an entry.',
  },
  DIALECT_MOUNTS: {
    type: pairs,
    default: '',
    sentence:
      'Dialects that are served at another address than the root of ISSUER: name=/path, name=https://host or name=https://host/path. A bare path is below that of ISSUER.',
  },
  DIALECT_SUNSETS: {
    type: pairs,
    default: '',
    sentence:
      'The day on which a dialect ends, as name=2027-06-30. Before that day, headers announce it; from that day on, requests get 410.',
  },
  SPRYKER_UNCONFIRMED_STATUS: {
    type: z.enum(['401', '403']).transform(Number),
    default: '403',
    sentence: 'The status of a Spryker sign-in with the right password and an unconfirmed e-mail address.',
  },
  SPRYKER_PERMISSIONS: {
    type: z.enum(['token', 'stored']),
    default: 'token',
    sentence:
      'Whether Spryker tokens contain the permissions of the company user (token), or null for services that read them elsewhere (stored).',
  },
  ELASTIC_PATH_REFUSED_STATUS: {
    type: z.enum(['401', '403', '422']).transform(Number),
    default: '422',
    sentence:
      'The status of an Elastic Path sign-in with a wrong password. With 401, their SDK sends the password four times.',
  },
  ELASTIC_PATH_BACK_ENDS: {
    type: list,
    default: '',
    sentence:
      'Clients, comma separated, whose own bearer is enough at the Elastic Path endpoints to read, change and erase every customer, and to set any password. Unset: none; a customer’s token is needed beside the bearer.',
  },
  MAGENTO_TOKEN_FORMAT: {
    type: z.enum(['opaque', 'jwt']),
    default: 'opaque',
    sentence: 'Whether Magento tokens are opaque (32 characters, checked by introspection) or JWTs.',
  },
  MAGENTO_CUSTOMER_TOKEN_HOURS: {
    type: hours,
    default: '1',
    sentence: 'How long a Magento customer token works, in hours.',
  },
  MAGENTO_ADMIN_TOKEN_HOURS: {
    type: hours,
    sentence: 'How long a Magento admin token works, in hours. Unset: 4, or 1 for JWTs, as in Magento.',
  },
  MAGENTO_STORES: {
    type: list,
    default: 'default,all',
    sentence: 'Store codes that are allowed in paths of the Magento web API, comma separated.',
  },
  MAGENTO_THROTTLE_ATTEMPTS: {
    type: count,
    default: '6',
    sentence:
      'Wrong passwords for one login from one address before the Magento endpoints refuse that login. LOCKOUT_ATTEMPTS applies as well.',
  },
  MAGENTO_THROTTLE_SECONDS: {
    type: seconds,
    default: '1800',
    sentence: 'How long after the last wrong password the Magento endpoints refuse a login.',
  },
  MAGENTO_GRAPHQL_STATUS: {
    type: z.enum(['by-category', 'always-200']),
    default: 'by-category',
    sentence: 'Whether refused GraphQL requests answer 401 and 403 as newer Magento does, or always 200.',
  },
  MAGENTO_REVOKE: {
    type: z.enum(['all', 'this']),
    default: 'all',
    sentence:
      'What a Magento customer who signs out ends: everything that was granted to them, as the shop does, or the sign-in of this token alone.',
  },
  MAGENTO_OTP_SECONDS: {
    type: seconds.max(600, 'must be ten minutes (600) at most'),
    default: '30',
    sentence: 'How long the one-time code works by which an agent signs in as a customer at the Magento endpoints.',
  },
  MAGENTO_EXTERNAL_CUSTOMERS: {
    type: flag,
    default: 'false',
    sentence:
      'Whether clients with the scope exchange_external_customer_token get Magento tokens for customers whom they have signed in by their own means (exchangeExternalCustomerToken). Such a client can sign in every customer.',
  },
  COMMERCETOOLS_PROJECT_KEYS: {
    type: list,
    default: 'shop',
    sentence: 'Project keys that are allowed in paths and scopes of the commercetools dialect, comma separated.',
  },
  SAP_COMMERCE_SCOPES: {
    type: list,
    default: 'basic',
    sentence:
      'Scopes that clients of the SAP Commerce dialect may ask for, comma separated. A request with a secret or a password that names none gets all of them.',
  },
  SAP_COMMERCE_EMPLOYEE_DOMAIN: {
    type: z.string().regex(/^[a-z0-9.-]+$/i, 'must be the domain of an e-mail address'),
    sentence:
      'Employees sign in at the SAP Commerce endpoints with a user name without "@": the agent with that name at this domain. Unset: no agent signs in there.',
  },
  SAP_COMMERCE_CDC_SECRET: {
    type: z.base64().min(24, 'must be the secret of the site in SAP Customer Data Cloud, in base64'),
    secret: true,
    sentence:
      'The key by which SAP Customer Data Cloud signs user ids (UIDSignature). Unset: the grant "custom" of the SAP Commerce dialect is refused.',
  },
  SLAS_ORGANIZATION_ID: {
    type: z.string().regex(/^f_ecom_[a-z0-9]{4}_[a-z0-9]{3}$/, 'must look like f_ecom_zzrf_001'),
    default: 'f_ecom_zzrf_001',
    sentence: 'The organization in paths of the SLAS dialect. Its last two parts are the tenant in tokens.',
  },
  SLAS_SITES: {
    type: list
      .refine((names) => names.length > 0, 'must name a site')
      .refine(
        (names) => names.every((name) => /^[\w-]{1,32}$/.test(name)),
        'must be names of letters, digits, _ and -, at most 32 long',
      ),
    default: 'RefArch',
    sentence: 'The sites (channel_id) that the SLAS dialect serves, comma separated.',
  },
  SLAS_SCOPES: {
    type: list,
    default:
      'sfcc.shopper-baskets-orders,sfcc.shopper-baskets-orders.rw,sfcc.shopper-categories,sfcc.shopper-customers.login,sfcc.shopper-myaccount,sfcc.shopper-myaccount.rw,sfcc.shopper-product-search,sfcc.shopper-products,sfcc.shopper-promotions',
    sentence: 'The scopes of the shop that customers and guests get through the SLAS dialect, comma separated.',
  },
  SLAS_IDPS: {
    type: list,
    default: 'vestibule',
    sentence:
      'Names of identity providers (hint) at the SLAS dialect, comma separated. Each leads to the sign-in page.',
  },
  SLAS_CALLBACK_URIS: {
    type: list.refine(
      (uris) => uris.every((uri) => /^https?:\/\/[^*]+$/.test(uri)),
      'must be http(s) addresses without wildcards',
    ),
    default: '',
    sentence:
      'Addresses of the shop to which the SLAS dialect may POST sign-in tokens and password keys (callback_uri), comma separated.',
  },
  SLAS_LOGIN_INTERVAL_SECONDS: {
    type: secondsOrNone,
    default: '1',
    sentence:
      'Seconds in which one customer signs in once at the SLAS dialect; a second sign-in gets 409. 0: no limit.',
  },
  SLAS_SESSION_BRIDGE_SECRET: {
    type: z.string().min(32, 'must be at least 32 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence:
      'Signs the session tokens (dwsgst, dwsrst) that the shop brings to the SLAS session bridge (HS256). Unset: there is no bridge.',
  },
  DEFAULT_RESOURCE: {
    type: resourceIdentifier,
    default: 'urn:vestibule:commerce',
    sentence:
      'The resource server that tokens are for when a request names none and the client has no default_resource. "migrate" and "serve" register it where it is missing.',
  },
  ACCESS_TOKEN_MAX_BYTES: {
    type: z.coerce.number().int().min(2048).max(24_576),
    default: '6144',
    sentence:
      'How long a JWT access token may be, in bytes. One that would be longer has the digest of its permissions in place of the list, which introspection ' +
      'and userinfo have. The default leaves room for cookies where a server takes headers of 8 KB. A resource server may say otherwise ' +
      '(accessTokenMaxBytes). Tokens in the form of a dialect are as its services expect them.',
  },
  TOKEN_SIZE_BUDGET_BYTES: {
    type: count,
    default: '6000',
    sentence:
      'The largest payload of an access token without a warning in the log. Proxies and servers refuse long headers.',
  },
  SIGN_IN_WEBHOOK_URL: {
    type: z.url({ protocol: /^https?$/ }),
    sentence:
      'The address that is called when a guest signs in through a dialect, so that the shop can merge the guest cart.',
  },
  SIGN_IN_WEBHOOK_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs the calls to SIGN_IN_WEBHOOK_URL (HMAC-SHA256).',
  },
  SIGN_IN_LINK_TARGET: {
    type: z.string().regex(/^(https?:\/\/|\/(?![/\\]))/, 'must be a URL or a path'),
    sentence:
      'The page that opens after a sign-in by link, for example the customer overview of the shop. Unset: the account page of this server.',
  },
  SIGN_IN_LINK_REUSABLE: {
    type: flag,
    default: 'false',
    sentence:
      'Allows sign-in links that work for hours and more than once. Each person who gets such a link can sign in with it.',
  },
  SPRYKER_LOGIN_KEYS: {
    type: list,
    sentence:
      'Who may mint the tokens by which a Spryker shop signs company users in at /access-token/TOKEN: files with public RSA keys of the shop in PEM, and "own" for the RS256 keys of this server, between commas. ' +
      'Unset: such tokens are refused.',
  },
} as const satisfies Record<string, Setting>
