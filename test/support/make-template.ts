import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/database/index.ts'

/**
 * Run as a program of its own, `node make-template.ts KIND DIRECTORY`: making a database keeps a process busy for
 * seconds, and the process that reports on tests must stay responsive.
 */
const [kind, directory] = process.argv.slice(2)
if (!kind || !directory) throw new Error('usage: node make-template.ts migrated|demo DIRECTORY')

try {
  if (kind === 'demo') await withDemoCustomers(directory)
  else await withTables(directory)
} catch (error) {
  // Uncaught, it would be printed with the line it came from, which in a packed library is all of the library.
  console.error((error as Error).stack)
  process.exitCode = 1
}

async function withTables(dataDir: string): Promise<void> {
  const database = await openDatabase({ DATA_DIR: dataDir })
  await database.close()
}

/** The server itself fills a new data directory, at its first start. */
async function withDemoCustomers(dataDir: string): Promise<void> {
  const { start } = await import('../../src/server.ts')
  const server = await start(
    readConfig({
      DATA_DIR: dataDir,
      KEYS_URL: `file:${join(dataDir, '..', 'template-keys')}`,
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      LOG_LEVEL: 'silent',
    }),
  )
  await server.stop()
}
