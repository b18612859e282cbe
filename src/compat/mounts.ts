import { ConfigError } from '../config.ts'

/** What operators say about dialects as `name=value,name=value`. */
export type DialectValues = ReadonlyMap<string, string>

const DAY = /^\d{4}-\d{2}-\d{2}$/
const BASE_PATH = /^(\/[\w.~-]+)+$/
const DAY_SECONDS = 86_400
/** A dialect counts as deprecated this long before its sunset day. */
const NOTICE_DAYS = 180

/**
 * The base path of each dialect that is not mounted at the root.
 *
 * @throws {ConfigError} when one is no plain path.
 */
export function readMounts(values: DialectValues): DialectValues {
  const wrong = [...values].filter(([, path]) => !BASE_PATH.test(path))
  if (wrong.length === 0) return values
  throw new ConfigError(
    wrong.map(
      ([name, path]) =>
        `DIALECT_MOUNTS gives ${name} "${path}": a path like /shop is needed, without a slash at its end.`,
    ),
  )
}

/** When a dialect's doors close; epoch seconds. */
export type Sunset = { readonly deprecatedAt: number; readonly closesAt: number }

/**
 * The sunset of each dialect that has one: the named day's first moment, UTC.
 *
 * @throws {ConfigError} when one is no day.
 */
export function readSunsets(values: DialectValues): ReadonlyMap<string, Sunset> {
  const sunsets = [...values].map(([name, day]) => [name, sunsetOn(day)] as const)
  const wrong = sunsets.filter(([, sunset]) => !sunset).map(([name]) => name)
  if (wrong.length > 0) {
    throw new ConfigError(
      wrong.map((name) => `DIALECT_SUNSETS names no day for ${name}. Write it as ${name}=2027-06-30.`),
    )
  }
  return new Map(sunsets as [string, Sunset][])
}

function sunsetOn(day: string): Sunset | undefined {
  const closesAt = DAY.test(day) ? Date.parse(`${day}T00:00:00Z`) / 1000 : Number.NaN
  return Number.isNaN(closesAt) ? undefined : { closesAt, deprecatedAt: closesAt - NOTICE_DAYS * DAY_SECONDS }
}

/** Says when a door closes: Deprecation (RFC 9745 §2) and Sunset (RFC 8594 §3). */
export function sunsetHeaders({ deprecatedAt, closesAt }: Sunset): Record<string, string> {
  return { Deprecation: `@${deprecatedAt}`, Sunset: new Date(closesAt * 1000).toUTCString() }
}
