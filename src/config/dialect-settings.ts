import { z } from 'zod'
import { count, flag, hours, list, pairs, type Setting, seconds } from './setting.ts'

/** The shop token APIs beside OAuth, and what is special about each. */
export const dialectSettings = {
  DIALECTS: {
    type: list,
    default: 'spryker,elastic-path,magento,commercetools',
    sentence: 'Shop token APIs to serve beside OAuth, comma separated.',
  },
  DIALECT_CLIENTS: {
    type: pairs,
    default: '',
    sentence:
      'The public client a dialect acts for when a request names none, as name=client_id; "frontend" where none is given.',
  },
  DIALECT_MOUNTS: {
    type: pairs,
    default: '',
    sentence:
      'Where dialects are served that are not at the root of ISSUER: name=/path, name=https://host or name=https://host/path.',
  },
  DIALECT_SUNSETS: {
    type: pairs,
    default: '',
    sentence:
      'The day a dialect ends, as name=2027-06-30: announced in headers before it, refused with 410 from it on.',
  },
  SPRYKER_UNCONFIRMED_STATUS: {
    type: z.enum(['401', '403']).transform(Number),
    default: '403',
    sentence: 'What Spryker clients get for the right password of an unconfirmed e-mail address.',
  },
  SPRYKER_PERMISSIONS: {
    type: z.enum(['token', 'stored']),
    default: 'token',
    sentence:
      'Whether Spryker tokens carry the permissions of the company user, or null for services that look them up.',
  },
  ELASTIC_PATH_REFUSED_STATUS: {
    type: z.enum(['401', '403', '422']).transform(Number),
    default: '422',
    sentence: 'What Elastic Path clients get for a wrong password. At 401 their SDK sends the password four times.',
  },
  MAGENTO_TOKEN_FORMAT: {
    type: z.enum(['opaque', 'jwt']),
    default: 'opaque',
    sentence: 'Whether Magento tokens are 32 characters to introspect, or JWTs to verify.',
  },
  MAGENTO_CUSTOMER_TOKEN_HOURS: {
    type: hours,
    default: '1',
    sentence: 'How long a Magento customer token works, in hours.',
  },
  MAGENTO_ADMIN_TOKEN_HOURS: {
    type: hours,
    sentence: 'How long a Magento admin token works, in hours. Unset: 4, or 1 where tokens are JWTs, as in the shop.',
  },
  MAGENTO_STORES: {
    type: list,
    default: 'default,all',
    sentence: 'Store codes that may stand in the paths of the Magento web API, comma separated.',
  },
  MAGENTO_THROTTLE_ATTEMPTS: {
    type: count,
    default: '6',
    sentence:
      'Wrong passwords for one login from one address at the Magento endpoints before these refuse it, beside LOCKOUT_ATTEMPTS.',
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
  COMMERCETOOLS_PROJECT_KEYS: {
    type: list,
    default: 'shop',
    sentence: 'Project keys that may stand in the paths and scopes of the commercetools dialect, comma separated.',
  },
  TOKEN_SIZE_BUDGET_BYTES: {
    type: count,
    default: '6000',
    sentence: 'Access tokens with a larger payload are noted in the log: proxies and servers refuse long headers.',
  },
  SIGN_IN_WEBHOOK_URL: {
    type: z.url({ protocol: /^https?$/ }),
    sentence: 'Told when a guest signs in at a dialect, so that the shop can merge the guest cart.',
  },
  SIGN_IN_WEBHOOK_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs what SIGN_IN_WEBHOOK_URL is told (HMAC-SHA256).',
  },
  SIGN_IN_LINK_TARGET: {
    type: z.string().regex(/^(https?:\/\/|\/(?![/\\]))/, 'must be a URL or a path'),
    default: '/account',
    sentence: 'Where a person lands after signing in by a link.',
  },
  SIGN_IN_LINK_REUSABLE: {
    type: flag,
    default: 'false',
    sentence: 'Allows sign-in links that live for hours and work more than once. Whoever sees one is signed in.',
  },
} as const satisfies Record<string, Setting>
