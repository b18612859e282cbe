import { type Config, ConfigError, DIALECT_NAMES, type DialectName } from '../config.ts'
import { createCommercetools } from './commercetools/index.ts'
import type { OpenDialect } from './dialect.ts'
import { createElasticPath } from './elastic-path/index.ts'
import { createMagento } from './magento/index.ts'
import type { MountedDialect } from './mounted-dialect.ts'
import { ROOT, readMounts, readSunsets } from './mounts.ts'
import { createSapCommerce } from './sap-commerce/index.ts'
import { createSlas } from './slas/index.ts'
import { createSprykerBackend } from './spryker/backend.ts'
import { createSpryker } from './spryker/index.ts'

/** Every dialect there is. To add one: a folder beside this file, a line here, and its name in `DIALECT_NAMES`. */
export const dialects: Readonly<Record<DialectName, OpenDialect>> = {
  spryker: createSpryker,
  'spryker-backend': createSprykerBackend,
  'elastic-path': createElasticPath,
  magento: createMagento,
  commercetools: createCommercetools,
  'sap-commerce': createSapCommerce,
  slas: createSlas,
}

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
  // The names were looked at above.
  const mounted = ([...new Set(DIALECTS)] as DialectName[]).map((name) => {
    const clientId = String(DIALECT_CLIENTS.get(name)) // a start without an entry is refused
    const sunset = sunsets.get(name)
    return {
      dialect: dialects[name](config, { clientId }),
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
      return `${setting} names "${name}", which is not one of: ${DIALECT_NAMES.join(', ')}. Correct the name or remove it.`
    })
}
