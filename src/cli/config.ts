import { type Config, maskedConfig, readConfig, type SettingName, settings } from '../config.ts'
import type { Command } from './command.ts'

/** Prints the settings in force, secrets masked. */
export const config: Command = {
  name: 'config',
  summary: 'show every setting, its value and what it does',
  help: 'Usage: vestibule config [--json]\n\nShows every setting with the value in force; secrets are masked.\n\nExample: npx vestibule config --json',
  async run(args, environment) {
    const masked = maskedConfig(readConfig(environment) as Config)
    if (args.includes('--json')) {
      console.log(JSON.stringify(masked, null, 2))
    } else {
      for (const [name, value] of Object.entries(masked)) {
        console.log(`${name}=${value}\n    ${settings[name as SettingName].sentence}`)
      }
    }
    return 0
  },
}
