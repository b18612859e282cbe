import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { ended } from './vestibule.ts'

const PROGRAM = fileURLToPath(new URL('loaded-modules.ts', import.meta.url))

/** Each takes megabytes, and time at the start: the setting, request or command that needs it loads it. */
const ON_DEMAND = [
  ['the embedded database', '/node_modules/@electric-sql/pglite/'],
  ['Postgres', '/node_modules/pg/'],
  ['Redis', '/node_modules/ioredis/'],
  ['mail', '/node_modules/nodemailer/'],
  ['GraphQL', '/node_modules/graphql/'],
  ['collectors of traces', '/node_modules/@opentelemetry/sdk-trace/'],
  ['the commands of operators', '/src/cli/doctor/'],
  ['the pages made of the source', '/src/cli/reference/'],
] as const

test('a server loads no backend, package or command before something needs it', async () => {
  const daemon = await startDaemon(process.execPath, [PROGRAM], { cwd: temporaryDirectory('loaded') })
  const { code, stdout, stderr } = await ended(daemon)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const loaded = stdout.split('\n')
  expect(loaded.filter((url) => url.includes('/src/server.ts'))).toHaveLength(1)
  for (const [what, path] of ON_DEMAND) {
    expect(
      loaded.filter((url) => url.includes(path)),
      what,
    ).toEqual([])
  }
})
