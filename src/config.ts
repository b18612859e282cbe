import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { contradictions } from './config/contradictions.ts'
import type { Setting } from './config/setting.ts'
import { type Config, type SettingName, settings } from './config/settings.ts'
import { codeOf } from './thrown.ts'

export { brandName } from './config/brand-settings.ts'
export { DIALECT_NAMES, type DialectName } from './config/dialect-settings.ts'
export { isLoopbackIssuer, outgoingNetworks, whyNoDemo } from './config/issuer.ts'
export { type Config, type SettingName, settings } from './config/settings.ts'

/** Every problem with the settings at once, so that an operator mends them in one pass. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`Invalid settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
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
  // Its own problems are told when its turn comes.
  const isProduction = rawValue('NODE_ENV', settings.NODE_ENV, environment, []) === 'production'

  // `Object.entries` forgets the names.
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting][]) {
    const raw = rawValue(name, setting, environment, problems) ?? defaultOf(setting, isProduction)
    if (raw === undefined) continue
    const parsed = setting.type.safeParse(raw)
    if (parsed.success) values[name] = parsed.data
    else problems.push(`${name} ${explain(parsed.error, setting.secret ? '' : raw)}. ${setting.sentence}`)
  }

  if (problems.length > 0) throw new ConfigError(problems)
  const config = values as Config // each setting was parsed above by its own schema
  const combined = contradictions(config)
  if (combined.length > 0) throw new ConfigError(combined)
  const hasIssuer = environment.ISSUER || environment.ISSUER_FILE
  // A PORT without an ISSUER means the server on this machine.
  const issuer = hasIssuer ? config.ISSUER.replace(/\/$/, '') : `http://localhost:${config.PORT}`
  return { ...config, DATA_DIR: resolve(config.DATA_DIR), ISSUER: issuer }
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
    // `Object.entries` forgets the names.
    (Object.entries(settings) as [SettingName, Setting][]).map(([name, setting]) => {
      const value = config[name]
      if (value === undefined) return [name, '(unset)']
      return [name, setting.secret ? '(set, masked)' : written(value)]
    }),
  )
}

function defaultOf(setting: Setting, isProduction: boolean): string | undefined {
  return (isProduction ? setting.productionDefault : undefined) ?? setting.default
}

/** A setting as it would be written in the environment. */
function written(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return '(none)'
  return value instanceof Map ? [...value].map((pair) => pair.join('=')).join(',') : String(value)
}

/** The line break at the end of a file is no part of the secret; everything else is taken as it is. */
function rawValue(
  name: string,
  { secret }: Setting,
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
    const content = readFileSync(file, 'utf8')
    return secret ? content.replace(/\r?\n$/, '') : content.trim()
  } catch (error) {
    problems.push(`${name}_FILE points at ${file}, which cannot be read (${codeOf(error)}).`)
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
