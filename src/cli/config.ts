import { maskedConfig, readConfig, type SettingName, settings } from '../config.ts'
import { printJson } from './command/print.ts'
import { singleAction } from './command/single-action.ts'
import { configurationPage } from './reference/configuration-page.ts'

/** Prints the current settings, secrets masked. */
export const config = singleAction({
  name: 'config',
  summary: 'show every setting, its value and what it does',
  does: 'Shows every setting with its current value; secrets are masked.',
  flags: { markdown: 'print the reference page instead' },
  example: '--json',
  async run({ environment, flags, isJson }) {
    if (flags.has('markdown')) return void process.stdout.write(configurationPage())
    const masked = maskedConfig(readConfig(environment))
    if (isJson) return printJson(masked)
    for (const [name, value] of Object.entries(masked)) {
      // A masked configuration has the names of the settings.
      console.log(`${name}=${value}\n    ${settings[name as SettingName].sentence}`)
    }
  },
})
