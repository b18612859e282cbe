import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)
const count = z.coerce.number().int().positive()
const seconds = z.coerce.number().int().positive()
const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)
const origin = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !/[?#]/.test(value), 'must not have a query or fragment')
const url = (...schemes: string[]) =>
  z.string().refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}:`)), {
    message: `must start with ${schemes.map((scheme) => `${scheme}:`).join(' or ')}`,
  })

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
  DATA_DIR: {
    type: z.string().min(1),
    default: './data',
    sentence: 'Where the embedded database and its lock live when DATABASE_URL is unset.',
  },
  DATABASE_URL: {
    type: url('postgres', 'postgresql'),
    secret: true,
    sentence: 'Postgres for customers, clients and other long-lived rows. Unset: embedded PGlite in DATA_DIR.',
  },
  REDIS_URL: {
    type: url('redis', 'rediss'),
    secret: true,
    sentence: 'Redis for sessions, grants, codes and counters. Unset: they live in the database.',
  },
  KEYS_URL: {
    type: url('file'),
    default: 'file:./keys',
    sentence: 'Where signing keys are kept.',
  },
  KEY_ENCRYPTION_KEY: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Encrypts private signing keys at rest. Unset: they are protected by file permissions only.',
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
    default: 'spryker',
    sentence: 'Shop token APIs to serve beside OAuth, comma separated.',
  },
  TRUSTED_PROXIES: {
    type: list,
    default: '',
    sentence: 'Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed, comma separated.',
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
  LOG_LEVEL: {
    type: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    sentence: 'How much is logged.',
  },
  DEMO: {
    type: flag,
    default: 'true',
    sentence: 'Loads demo customers and clients when a new embedded data directory is made. Never in production.',
  },
  SHUTDOWN_DEADLINE_SECONDS: {
    type: seconds,
    default: '20',
    sentence: 'How long requests in flight may take to finish after a stop signal.',
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

/** The settings as they are in force, secrets masked: what `vestibule config` prints. */
export function maskedConfig(config: Config): Record<string, string> {
  return Object.fromEntries(
    (Object.entries(settings) as [SettingName, Setting][]).map(([name, setting]) => {
      const value = config[name]
      if (value === undefined) return [name, '(unset)']
      return [name, setting.secret ? '(set, masked)' : String(value)]
    }),
  )
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
  if (config.NODE_ENV !== 'production') return []
  const issuer = new URL(config.ISSUER)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname)
  return [
    ...(issuer.protocol === 'http:' && !isLoopback
      ? [`ISSUER is ${config.ISSUER}: production needs https. Put a TLS proxy in front and set ISSUER to its address.`]
      : []),
    ...(config.COOKIE_KEYS ? [] : ['COOKIE_KEYS is unset: production needs one. "openssl rand -base64 32" makes one.']),
    ...(config.KEY_ENCRYPTION_KEY
      ? []
      : ['KEY_ENCRYPTION_KEY is unset: production needs one. "openssl rand -base64 32" makes one; keep a copy.']),
  ]
}
