import { readConfig } from '../config.ts'
import { singleAction } from './command/single-action.ts'

/** Brings the database up to date without serving. */
export const migrate = singleAction({
  name: 'migrate',
  summary: 'bring the database up to date and exit',
  does: `Applies missing migrations to the database of DATABASE_URL or DATA_DIR, registers the resource server of
DEFAULT_RESOURCE where it is missing, and exits. "serve" does the same; several nodes may do so at the same time.`,
  example: '',
  printsJson: false,
  async run({ environment }) {
    const [{ openDatabase }, { withoutCredentials }, { ensureDefaultResource }] = await Promise.all([
      import('../database/index.ts'),
      import('../database/postgres-hosts.ts'),
      import('../clients/default-resource.ts'),
    ])
    const steps: string[] = []
    const config = readConfig(environment)
    const database = await openDatabase(config, (step) => steps.push(step))
    try {
      await ensureDefaultResource(database.knex, config.DEFAULT_RESOURCE)
    } finally {
      await database.close()
    }
    // Which one: without the settings of the server in the environment it is another than the operator thinks.
    const { DATABASE_URL, DATA_DIR } = config
    const which = DATABASE_URL ? withoutCredentials(DATABASE_URL) : `the embedded database in ${DATA_DIR}`
    const applied = steps.find((step) => step.startsWith('applied'))
    console.log(applied ? `${applied} to ${which}` : `${which} is up to date`)
  },
})
