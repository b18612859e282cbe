import { maskedConfig, readConfig, type SettingName, settings } from '../config.ts'
import type { Command } from './command/command.ts'
import { configurationPage } from './configuration-page.ts'

/** Prints the settings in force, secrets masked. */
export const config: Command = {
  name: 'config',
  summary: 'show every setting, its value and what it does',
  help: 'Usage: vestibule config [--json | --markdown]\n\nShows every setting with the value in force; secrets are masked. --markdown prints the reference page instead.\n\nExample: npx vestibule config --json',
  async run(args, environment) {
    if (args.includes('--markdown')) {
      process.stdout.write(configurationPage())
      return 0
    }
    const masked = maskedConfig(readConfig(environment))
    if (args.includes('--json')) {
      console.log(JSON.stringify(masked, null, 2))
    } else {
      for (const [name, value] of Object.entries(masked)) {
        console.log(`${name}=${value}\n    ${settings[name as SettingName].sentence}`) // a name from the settings
      }
    }
    return 0
  },
}
