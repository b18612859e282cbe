import { type Config, ConfigError } from '../config.ts'
import { createCommercetools } from './commercetools/index.ts'
import type { OpenDialect } from './dialect.ts'
import { createElasticPath } from './elastic-path/index.ts'
import { createMagento } from './magento/index.ts'
import type { MountedDialect } from './mounted-dialect.ts'
import { ROOT, readMounts, readSunsets } from './mounts.ts'
import { createSprykerBackend } from './spryker/backend.ts'
import { createSpryker } from './spryker/index.ts'

/** Every dialect there is. To add one: a folder beside this file, and a line here. */
export const dialects: Readonly<Record<string, OpenDialect>> = {
  spryker: createSpryker,
  'spryker-backend': createSprykerBackend,
  'elastic-path': createElasticPath,
  magento: createMagento,
  commercetools: createCommercetools,
}

/** The client a dialect acts for unless DIALECT_CLIENTS names another. */
const DEFAULT_CLIENT = 'frontend'

/**
 * The dialects named in DIALECTS, as the settings want them.
 *
 * @throws {ConfigError} when a name is none of them, or a setting does not fit.
 */
export function selectDialects(config: Config): MountedDialect[] {
  const { DIALECTS, DIALECT_CLIENTS, DIALECT_MOUNTS, DIALECT_SUNSETS } = config
  const named = {
    DIALECTS,
    DIALECT_CLIENTS: DIALECT_CLIENTS.keys(),
    DIALECT_MOUNTS: DIALECT_MOUNTS.keys(),
    DIALECT_SUNSETS: DIALECT_SUNSETS.keys(),
  }
  const problems = Object.entries(named).flatMap(([setting, names]) => unknownNames(setting, [...names]))
  if (problems.length > 0) throw new ConfigError(problems)

  const mounts = readMounts(DIALECT_MOUNTS, config.ISSUER)
  const sunsets = readSunsets(DIALECT_SUNSETS)
  const mounted = [...new Set(DIALECTS)].map((name) => {
    const open = dialects[name] as OpenDialect // the names were looked at above
    const clientId = DIALECT_CLIENTS.get(name) ?? DEFAULT_CLIENT
    const sunset = sunsets.get(name)
    return {
      dialect: open(config, { clientId }),
      clientId,
      ...(mounts.get(name) ?? ROOT),
      ...(sunset && { sunset }),
    }
  })
  const homeless = mounted.filter(({ dialect }) => dialect.needsMount && !mounts.has(dialect.name))
  if (homeless.length === 0) return mounted
  throw new ConfigError(homeless.map(({ dialect: { name } }) => needsPlace(name)))
}

function needsPlace(name: string): string {
  return `DIALECTS names "${name}", which needs its own address: set DIALECT_MOUNTS=${name}=https://HOST or ${name}=/path.`
}

function unknownNames(setting: string, names: readonly string[]): string[] {
  return names
    .filter((name) => !Object.hasOwn(dialects, name))
    .map((name) => {
      const known = Object.keys(dialects).join(', ')
      return `${setting} names "${name}", which is not one of: ${known}. Correct the name or remove it.`
    })
}
