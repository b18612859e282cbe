import { readConfig } from '../config.ts'
import { singleAction } from './command/single-action.ts'

/** Brings the database up to date without serving. */
export const migrate = singleAction({
  name: 'migrate',
  summary: 'bring the database up to date and exit',
  does: `Applies missing migrations to the database of DATABASE_URL or DATA_DIR, and exits. "serve" applies them too; several
nodes may do so at the same time.`,
  example: '',
  printsJson: false,
  async run({ environment }) {
    const { openDatabase } = await import('../database/index.ts')
    const steps: string[] = []
    const database = await openDatabase(readConfig(environment), (step) => steps.push(step))
    await database.close()
    console.log(steps.find((step) => step.startsWith('applied')) ?? 'the database is up to date')
  },
})
