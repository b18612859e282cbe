import { ConfigError } from '../config.ts'
import { issuerPath } from '../http/routing/issuer-path.ts'
import { type Sunset, sunsetOn } from '../http/sunset.ts'

/** What operators say about dialects as `name=value,name=value`. */
export type DialectValues = ReadonlyMap<string, string>

const BASE_PATH = /^(\/[\w.~-]+)+$/
const HOST_AND_PATH = /^(?:(https?:)\/\/)?([\w.-]+(?::\d+)?|\[[\da-f:.]+\](?::\d+)?)(\/.*)?$/i

/** Where a dialect is served. */
export type Mount = {
  /** Empty at the root. */
  readonly basePath: string
  /** The address of a host of its own; absent: the issuer's. */
  readonly origin?: string
}

/** Where a dialect is served that DIALECT_MOUNTS does not name. */
export const ROOT: Mount = { basePath: '' }

/**
 * The mounts of DIALECT_MOUNTS: a base path below the issuer, a host, or both. Without a scheme a host has the issuer's; the
 * issuer's own host is none of its own, and what is mounted there lies below the issuer's path.
 *
 * @throws {ConfigError} when one is neither.
 */
export function readMounts(values: DialectValues, issuer: string): ReadonlyMap<string, Mount> {
  const mounts = [...values].map(([name, value]) => [name, readMount(value, new URL(issuer))] as const)
  const wrong = mounts.filter(([, mount]) => !mount).map(([name]) => name)
  if (wrong.length > 0) {
    throw new ConfigError(
      wrong.map(
        (name) =>
          `DIALECT_MOUNTS gives ${name} "${values.get(name)}": write a path like /shop, a host like ` +
          `https://glue.shop.example, or both, without a slash at the end. At the issuer's host it must be below ${issuer}.`,
      ),
    )
  }
  return new Map(mounts as [string, Mount][]) // the undefined ones were refused above
}

function readMount(value: string, issuer: URL): Mount | undefined {
  if (value.startsWith('/')) return BASE_PATH.test(value) ? { basePath: value } : undefined
  const [, scheme = issuer.protocol, host = '', basePath = ''] = HOST_AND_PATH.exec(value) ?? []
  const origin = host && URL.parse(`${scheme}//${host}`)
  if (!origin || (basePath && !BASE_PATH.test(basePath))) return undefined
  if (origin.host !== issuer.host) return { basePath, origin: origin.origin }
  const prefix = issuerPath(issuer.href)
  const isBelow = basePath === prefix || basePath.startsWith(`${prefix}/`)
  return isBelow ? { basePath: basePath.slice(prefix.length) } : undefined
}

/** The host of a mount, as a Host header names it; undefined where it is the issuer's. */
export function hostOf({ origin }: Mount): string | undefined {
  return origin === undefined ? undefined : new URL(origin).host
}

/** The hosts that dialects are served at beside the issuer's. */
export function mountedHosts(mounts: readonly Mount[]): ReadonlySet<string> {
  return new Set(mounts.flatMap((mount) => hostOf(mount) ?? []))
}

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
  return new Map(sunsets as [string, Sunset][]) // the undefined ones were refused above
}
