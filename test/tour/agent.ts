/**
 * A shopping assistant links an account, buys within a mandate, is stopped above it, and is let go: what each side is told.
 *
 * npm run tour:agent
 */
import { startPostgres } from '../support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory } from '../support/run-directory.ts'
import { loadDemoInto } from '../support/templates.ts'
import { tellAgentStory } from './agent-story.ts'

const directory = openRunDirectory()
const postgres = await startPostgres()
try {
  const DATABASE_URL = await postgres.createDatabase()
  await loadDemoInto(DATABASE_URL)
  const { steps, deadAfterMs } = await tellAgentStory({ DATABASE_URL })
  for (const { who, what, outcome } of steps) console.log(`${who} ${what}\n    ${outcome}\n`)
  console.log(`Every token of the link was dead ${deadAfterMs.toFixed(0)} ms after the shopper withdrew it.`)
} catch (error) {
  console.error(`\nThe tour broke off: ${(error as Error).stack}`)
  process.exitCode = 1
} finally {
  await postgres.stop()
  closeRunDirectory(directory)
}
