import { type Config, ConfigError, readConfig } from '../../config.ts'
import { plain } from '../../plain-text.ts'
import { printJson } from '../command/print.ts'
import { singleAction } from '../command/single-action.ts'
import { examineBrand } from './doctor-brand.ts'
import { examineDirectory } from './doctor-directory.ts'
import { examineInside } from './doctor-inside.ts'
import { examineOutside } from './doctor-outside.ts'
import { examineRedis } from './doctor-redis.ts'
import { examineSettings } from './doctor-settings.ts'
import { bad, type Finding, ok } from './findings.ts'

/** Finds what is wrong with an installation, and says how to mend it. */
export const doctor = singleAction({
  name: 'doctor',
  summary: 'find problems and say how to fix them',
  does: `Checks the settings, the server from outside (issuer, clock, proxy headers) and from inside (database, storage, keys,
mail, clients, dialects, default resource), whether Redis keeps its data, the customer service of the shop, the brand,
and file permissions, and says for each problem how to fix it. Run it with the settings of the server. It exits with code 1 if
it finds a problem.`,
  example: '',
  async run({ environment, isJson }) {
    const findings = await examine(environment)
    if (isJson) printJson({ findings })
    else
      for (const { check, isWell, detail } of findings)
        console.log(`${isWell ? 'ok  ' : 'BAD '} ${check}: ${plain(detail)}`)
    return findings.every(({ isWell }) => isWell) ? 0 : 1
  },
})

async function examine(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let config: Config
  try {
    config = readConfig(environment)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((detail) => bad('settings', detail))
  }
  const asked = await Promise.all([
    examineInside(config, environment),
    examineOutside(config, environment),
    examineDirectory(config),
    examineRedis(config),
    examineBrand(config),
  ])
  return [ok('settings', 'all settings are valid'), ...asked.flat(), ...examineSettings(config, environment)]
}
