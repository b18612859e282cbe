import { readConfig } from '../config.ts'
import type { Command } from './command/command.ts'

/** Brings the database up to date without serving. */
export const migrate: Command = {
  name: 'migrate',
  summary: 'bring the database up to date and exit',
  help: 'Usage: vestibule migrate\n\nApplies the migrations that are missing and exits. "serve" does so too; several nodes may run it at once.\n\nExample: DATABASE_URL=postgres://localhost/vestibule npx vestibule migrate',
  async run(_args, environment) {
    const { openDatabase } = await import('../database/index.ts')
    const steps: string[] = []
    const database = await openDatabase(readConfig(environment), (step) => steps.push(step))
    await database.close()
    console.log(steps.find((step) => step.startsWith('applied')) ?? 'the database is up to date')
    return 0
  },
}
