import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)
const count = z.coerce.number().int().positive()
const seconds = z.coerce.number().int().positive()
const secondsOrNone = z.coerce.number().int().min(0)
const hours = z.coerce
  .number()
  .positive()
  .max(24 * 365)
const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)
const pairs = list
  .refine((items) => items.every((item) => /^[^=]+=.+$/.test(item)), 'must be written as name=value,name=value')
  .transform((items) => new Map(items.map((item): [string, string] => [before(item), after(item)])))
const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase())
const origin = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !/[?#]/.test(value), 'must not have a query or fragment')
const url = (...schemes: string[]) =>
  z.string().refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}:`)), {
    message: `must start with ${schemes.map((scheme) => `${scheme}:`).join(' or ')}`,
  })

function before(item: string): string {
  return item.slice(0, item.indexOf('=')).trim()
}

function after(item: string): string {
  return item.slice(item.indexOf('=') + 1).trim()
}

type Setting = {
  readonly type: z.ZodType
  /** As it would be written in the environment; absent means unset. */
  readonly default?: string
  readonly secret?: true
  readonly sentence: string
}

/** Every setting once. `docs/configuration.md` and `vestibule config` are made from this table. */
export const settings = {
  ISSUER: {
    type: origin,
    default: 'http://localhost:4000',
    sentence: 'The public address of this server, exactly as clients and tokens see it.',
  },
  PORT: { type: port, default: '4000', sentence: 'Port of the public listener; 0 picks a free one.' },
  HOST: { type: z.string().min(1), default: '0.0.0.0', sentence: 'Address the public listener binds to.' },
  ADMIN_PORT: { type: port, default: '4001', sentence: 'Port of the admin listener; 0 picks a free one.' },
  ADMIN_HOST: {
    type: z.string().min(1),
    default: '127.0.0.1',
    sentence: 'Address the admin listener binds to; keep it on loopback or a private network.',
  },
  ADMIN_URL: {
    type: origin,
    sentence: 'For the command line: the admin listener of a remote server.',
  },
  ADMIN_TOKEN: {
    type: list.refine((tokens) => tokens.length > 0 && tokens.every((token) => token.length >= 16), {
      message: 'must be at least 16 characters, each if there are several; "openssl rand -base64 32" makes a good one',
    }),
    secret: true,
    sentence:
      'Opens the admin API as an owner; of several, separated by commas, each does, and the command line sends the first. Unset: each start makes one and leaves it in DATA_DIR for the command line.',
  },
  DATA_DIR: {
    type: z.string().min(1),
    default: './data',
    sentence: 'Where the embedded database and its lock live when DATABASE_URL is unset.',
  },
  DATABASE_URL: {
    type: url('postgres', 'postgresql'),
    secret: true,
    sentence:
      'Postgres for customers, clients and other long-lived rows; of several hosts (HOST:PORT,HOST:PORT) the one that ' +
      'takes writes is used. Unset: embedded PGlite in DATA_DIR.',
  },
  REDIS_URL: {
    type: url('redis', 'rediss', 'redis+sentinel', 'rediss+sentinel', 'redis+cluster', 'rediss+cluster'),
    secret: true,
    sentence:
      'Redis 7 or later for sessions, grants, codes and counters: redis://HOST:PORT/DB, ' +
      'redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB or redis+cluster://HOST:PORT,HOST:PORT (rediss… for TLS). ' +
      'Unset: they live in the database.',
  },
  KEYS_URL: {
    type: url('file', 'sql'),
    default: 'file:./keys',
    sentence: 'Where signing keys are kept: a directory, or "sql:" for the database, which several machines need.',
  },
  KEY_ROTATION: { type: flag, default: 'true', sentence: 'Rotates signing keys on schedule.' },
  KEY_ROTATION_SECONDS: { type: seconds, default: '7776000', sentence: 'How long a signing key signs: 90 days.' },
  KEY_PROPAGATION_SECONDS: {
    type: seconds,
    default: '1209600',
    sentence: 'How long a signing key is published before it signs: 14 days.',
  },
  JWKS_CACHE_SECONDS: { type: seconds, default: '300', sentence: 'How long verifiers may keep the key set.' },
  SIGNING_ALGORITHMS: {
    type: list
      .pipe(z.array(z.enum(['ES256', 'RS256', 'PS256', 'EdDSA'])))
      .refine((algorithms) => algorithms.includes('ES256') && algorithms.includes('RS256'), {
        message:
          'must name ES256 and RS256: access tokens and ID tokens are signed with them unless others are asked for',
      }),
    default: 'ES256,RS256',
    sentence: 'Algorithms there is always a signing key for, comma separated: ES256 and RS256, also PS256 and EdDSA.',
  },
  SIGNER_URL: {
    type: url('pkcs11', 'vault'),
    sentence: 'A PKCS#11 token or Vault that makes and uses the private keys. Unset: they are kept at KEYS_URL.',
  },
  SIGNER_SECRET: { type: z.string().min(1), secret: true, sentence: 'The PIN or token that opens SIGNER_URL.' },
  KEY_ENCRYPTION_KEY: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence:
      'Encrypts private signing keys at rest; of several, separated by commas, the first encrypts and all decrypt. Unset: file permissions only.',
  },
  COOKIE_KEYS: {
    type: list.refine((keys) => keys.length > 0 && keys.every((key) => key.length >= 16), {
      message: 'must be a comma-separated list of keys of at least 16 characters each',
    }),
    secret: true,
    sentence: 'Keys that sign cookies, newest first. Unset: one is made and kept in the database.',
  },
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
      'Wrong passwords for one login from one address at the Magento doors before these refuse it, beside LOCKOUT_ATTEMPTS.',
  },
  MAGENTO_THROTTLE_SECONDS: {
    type: seconds,
    default: '1800',
    sentence: 'How long after the last wrong password the Magento doors refuse a login.',
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
  MAIL_URL: {
    type: url('smtp', 'smtps'),
    secret: true,
    sentence:
      'The mail server: smtp://USER:PASSWORD@HOST:587 or smtps://…. Unset: mails are left in DATA_DIR/outbox; in production, pages that need mail are not offered.',
  },
  MAIL_FROM: {
    type: z.string().regex(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, 'must be an address, or a name and <address>'),
    sentence: 'The sender of mails, as address or as Name <address>. Unset: no-reply@ and the host of ISSUER.',
  },
  REGISTRATION: {
    type: z.enum(['open', 'closed']),
    default: 'closed',
    sentence: 'Whether new customers may create an account on the hosted pages.',
  },
  TRUSTED_PROXIES: {
    type: list,
    default: '',
    sentence: 'Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed, comma separated.',
  },
  MTLS_CERTIFICATE_HEADER: {
    type: headerName,
    sentence:
      'The header in which a proxy of TRUSTED_PROXIES hands on the client certificate, for client authentication and bound tokens by RFC 8705. Unset: neither is offered.',
  },
  MTLS_VERIFIED_HEADER: {
    type: headerName,
    sentence:
      'The header in which the proxy says SUCCESS when it verified the certificate against its authorities. Unset: only registered certificates authenticate a client, not tls_client_auth.',
  },
  MTLS_URL: {
    type: origin,
    sentence: 'The address at which the proxy asks for client certificates, where that is not ISSUER.',
  },
  LOCKOUT_ATTEMPTS: {
    type: count,
    default: '9',
    sentence: 'Wrong passwords for one account from one address before that pair is blocked.',
  },
  LOCKOUT_WINDOW_SECONDS: { type: seconds, default: '900', sentence: 'How long wrong passwords are counted together.' },
  LOCKOUT_BLOCK_SECONDS: {
    type: seconds,
    default: '360',
    sentence: 'How long an account stays blocked for an address.',
  },
  LOCKOUT_ACCOUNT_ATTEMPTS: {
    type: count,
    default: '50',
    sentence: 'Wrong passwords for one account from unknown devices anywhere before strangers must wait.',
  },
  LOCKOUT_ADDRESS_ATTEMPTS: {
    type: count,
    default: '500',
    sentence: 'Wrong passwords from one address, whatever the account, before that address must wait.',
  },
  LOCKOUT_CLIENT_ATTEMPTS: {
    type: count,
    default: '10000',
    sentence: 'Wrong passwords through one client before strangers must be more careful with it.',
  },
  PASSWORD_MIN_LENGTH: {
    type: count,
    default: '8',
    sentence: 'The fewest characters a new password may have.',
  },
  PASSWORD_MAX_LENGTH: {
    type: count,
    default: '128',
    sentence: 'The most characters a new password may have; at least 64.',
  },
  BREACHED_PASSWORDS: {
    type: z.string().min(1),
    sentence:
      'Passwords nobody may choose: a sorted file of SHA-1 digests, or a directory of range files of Have I Been Pwned. ' +
      'Unset: the commonest few thousand, which ship.',
  },
  PRESTASHOP_COOKIE_KEY: {
    type: z.string().min(1),
    secret: true,
    sentence: 'The _COOKIE_KEY_ of the PrestaShop that imported prestashop-md5 passwords come from.',
  },
  SHOP_DIRECTORY_URL: {
    type: url('http', 'https'),
    sentence: 'A service of the shop that keeps the customers and their passwords. Unset: they are kept here.',
  },
  SHOP_DIRECTORY_TOKEN: {
    type: z.string().min(1),
    secret: true,
    sentence: 'Sent to SHOP_DIRECTORY_URL as a bearer token.',
  },
  LEGACY_DIRECTORY_URL: {
    type: url('http', 'https'),
    sentence: 'A service of the shop that customers move over from, each when they sign in.',
  },
  LEGACY_DIRECTORY_TOKEN: {
    type: z.string().min(1),
    secret: true,
    sentence: 'Sent to LEGACY_DIRECTORY_URL as a bearer token.',
  },
  LOG_LEVEL: {
    type: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    sentence: 'How much is logged.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: origin,
    sentence: 'An OpenTelemetry collector that traces are sent to, by OTLP over HTTP. Unset: nothing is traced.',
  },
  TRACES_RATIO: {
    type: z.coerce.number().min(0).max(1),
    default: '1',
    sentence: 'The part of traces that is sent, from 0 to 1, of those that begin here.',
  },
  DEMO: {
    type: flag,
    default: 'true',
    sentence: 'Loads demo customers and clients when a new embedded data directory is made. Never in production.',
  },
  AUDIT_RETENTION_DAYS: { type: count, default: '400', sentence: 'How long audit entries are kept.' },
  AUDIT_STREAM: {
    type: z.enum(['log', 'stdout', 'none']),
    default: 'log',
    sentence:
      'Where audit events are written besides the database: among the log lines as they happen, on standard output with ' +
      'their place and hash once they are kept (whatever LOG_LEVEL says), or nowhere.',
  },
  AUDIT_WEBHOOK_URL: {
    type: z.url({ protocol: /^https?$/ }),
    sentence: 'Sent every audit entry, in order and at least once.',
  },
  AUDIT_WEBHOOK_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs what AUDIT_WEBHOOK_URL is sent (HMAC-SHA256).',
  },
  SHUTDOWN_DEADLINE_SECONDS: {
    type: seconds,
    default: '20',
    sentence: 'How long requests in flight may take to finish after a stop signal.',
  },
  SHUTDOWN_GRACE_SECONDS: {
    type: secondsOrNone,
    default: '0',
    sentence:
      'How long a server that was told to stop goes on taking requests, with /health/ready at 503, so that balancers turn elsewhere first. 5 where one looks every second or two.',
  },
  WORKERS: {
    type: z.union([z.literal('auto'), count], 'must be "auto" or a positive number'),
    default: '1',
    sentence:
      'Processes that serve the same ports: a number, or "auto" for one per core. Several need DATABASE_URL; the embedded database is for one.',
  },
  NODE_ENV: {
    type: z.string(),
    default: 'development',
    sentence: 'Set to production to refuse demo data and weak settings.',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]['type']> }
type Optional = {
  [Name in SettingName]: (typeof settings)[Name] extends { default: string } ? never : Name
}[SettingName]

/** What the rest of the program reads, already parsed. Settings without a default may be absent. */
export type Config = Readonly<Omit<Values, Optional> & Partial<Pick<Values, Optional>>>

/** Every problem with the settings at once, so that an operator mends them in one pass. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The settings need mending:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Reads settings from `environment`; `NAME_FILE` reads the value from a file.
 *
 * @throws {ConfigError} naming every setting that is wrong, and how to mend it.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = unknownNames(environment)
  const values: Record<string, unknown> = {}

  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting][]) {
    const raw = rawValue(name, environment, problems) ?? setting.default
    if (raw === undefined) continue
    const parsed = setting.type.safeParse(raw)
    if (parsed.success) values[name] = parsed.data
    else problems.push(`${name} ${explain(parsed.error, setting.secret ? '' : raw)}. ${setting.sentence}`)
  }

  if (problems.length > 0) throw new ConfigError(problems)
  const config = values as Config
  const combined = contradictions(config)
  if (combined.length > 0) throw new ConfigError(combined)
  return { ...config, DATA_DIR: resolve(config.DATA_DIR), ISSUER: config.ISSUER.replace(/\/$/, '') }
}

/** How many processes serve. The embedded database is for one, so "auto" is one there. */
export function countWorkers(
  { WORKERS, DATABASE_URL }: Pick<Config, 'WORKERS' | 'DATABASE_URL'>,
  cores = availableParallelism(),
): number {
  if (!DATABASE_URL) return 1
  return WORKERS === 'auto' ? cores : WORKERS
}

/** The settings as they are in force, secrets masked: what `vestibule config` prints. */
export function maskedConfig(config: Config): Record<string, string> {
  return Object.fromEntries(
    (Object.entries(settings) as [SettingName, Setting][]).map(([name, setting]) => {
      const value = config[name]
      if (value === undefined) return [name, '(unset)']
      return [name, setting.secret ? '(set, masked)' : written(value)]
    }),
  )
}

/** A setting as it would be written in the environment. */
function written(value: unknown): string {
  return value instanceof Map ? [...value].map((pair) => pair.join('=')).join(',') : String(value)
}

function rawValue(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): string | undefined {
  const direct = environment[name]
  const file = environment[`${name}_FILE`]
  if (file === undefined || file === '') return direct === '' ? undefined : direct
  if (direct) {
    problems.push(`${name} and ${name}_FILE are both set. Keep one of them.`)
    return undefined
  }
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    problems.push(`${name}_FILE points at ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`)
    return undefined
  }
}

function unknownNames(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('VESTIBULE_'))
    .map((name) => {
      const plain = name.slice('VESTIBULE_'.length)
      const known = plain in settings || plain.replace(/_FILE$/, '') in settings
      return known
        ? `${name} is not a setting. The name is ${plain}, without the prefix.`
        : `${name} is not a setting. "npx vestibule config" lists them all.`
    })
}

function explain(error: z.ZodError, raw: string): string {
  const reason = error.issues.map((issue) => issue.message).join('; ')
  return raw ? `is "${raw}": ${reason}` : reason
}

function contradictions(config: Config): string[] {
  return [
    ...customerContradictions(config),
    ...webhookContradictions(config),
    ...workerContradictions(config),
    ...mutualTlsContradictions(config),
    ...(config.NODE_ENV === 'production' ? productionNeeds(config) : []),
  ]
}

function workerContradictions({ WORKERS, DATABASE_URL }: Config): string[] {
  if (WORKERS === 'auto' || WORKERS === 1 || DATABASE_URL) return []
  return [
    `WORKERS is ${WORKERS} and DATABASE_URL is unset: the embedded database is for one process. Set DATABASE_URL, or leave WORKERS at 1.`,
  ]
}

function mutualTlsContradictions(config: Config): string[] {
  const { MTLS_CERTIFICATE_HEADER: header, MTLS_VERIFIED_HEADER, MTLS_URL, TRUSTED_PROXIES } = config
  if (!header) {
    const useless = Object.entries({ MTLS_VERIFIED_HEADER, MTLS_URL }).filter(([, value]) => value !== undefined)
    return useless.map(([name]) => `${name} is set without MTLS_CERTIFICATE_HEADER. Set that too, or unset ${name}.`)
  }
  if (TRUSTED_PROXIES.length > 0) return []
  return [
    'MTLS_CERTIFICATE_HEADER needs TRUSTED_PROXIES: anybody could send that header, and only proxies are believed.',
  ]
}

function webhookContradictions(config: Config): string[] {
  return (['SIGN_IN_WEBHOOK', 'AUDIT_WEBHOOK'] as const)
    .filter((name) => config[`${name}_URL`] && !config[`${name}_SECRET`])
    .map((name) => `${name}_URL needs ${name}_SECRET: who is called must be able to tell our calls from others.`)
}

function customerContradictions(config: Config): string[] {
  const { PASSWORD_MIN_LENGTH: min, PASSWORD_MAX_LENGTH: max, SHOP_DIRECTORY_URL, LEGACY_DIRECTORY_URL } = config
  return [
    ...(SHOP_DIRECTORY_URL && LEGACY_DIRECTORY_URL
      ? [
          'SHOP_DIRECTORY_URL and LEGACY_DIRECTORY_URL are both set: customers stay in the shop or move over. Keep one of them.',
        ]
      : []),
    ...(max < Math.max(min, 64)
      ? [`PASSWORD_MAX_LENGTH is ${max}: people who use sentences need at least 64, and PASSWORD_MIN_LENGTH is ${min}.`]
      : []),
  ]
}

function productionNeeds(config: Config): string[] {
  const issuer = new URL(config.ISSUER)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname)
  return [
    ...(issuer.protocol === 'http:' && !isLoopback
      ? [`ISSUER is ${config.ISSUER}: production needs https. Put a TLS proxy in front and set ISSUER to its address.`]
      : []),
    ...(config.REGISTRATION === 'open' && !config.MAIL_URL
      ? ['REGISTRATION is open without MAIL_URL: nobody could confirm an account. Set MAIL_URL, or close it.']
      : []),
    ...(config.COOKIE_KEYS ? [] : ['COOKIE_KEYS is unset: production needs one. "openssl rand -base64 32" makes one.']),
    ...(config.KEY_ENCRYPTION_KEY
      ? []
      : ['KEY_ENCRYPTION_KEY is unset: production needs one. "openssl rand -base64 32" makes one; keep a copy.']),
  ]
}
