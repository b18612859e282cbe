import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startServerProcess, type TestSettings } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

const CREATING = 'creating a database'

test('a first start that was killed while it made the database leaves nothing in the way of the next one', async () => {
  const settings: TestSettings = { DATA_DIR: join(temporaryDirectory('first-start'), 'data') }
  const killed = await startServerProcess(settings, { waitUntilReady: false })
  await waitFor(() => killed.stdout().includes(CREATING) || !killed.isRunning(), { what: 'the making to begin' })
  await killed.kill()

  const next = await startServerProcess(settings)
  expect(next.stdout()).toContain(CREATING)
  expect(unfinished(settings)).toEqual([])
  await next.end('SIGTERM')

  const third = await startServerProcess(settings)
  expect(third.stdout()).not.toContain(CREATING)
  await third.end('SIGTERM')
})

test('what an interrupted making left is not taken for a database', async () => {
  const settings: TestSettings = { DATA_DIR: join(temporaryDirectory('first-start'), 'data') }
  const left = join(String(settings.DATA_DIR), 'postgres.unfinished-1')
  mkdirSync(left, { recursive: true, mode: 0o700 })
  writeFileSync(join(left, 'PG_VERSION'), '18\n')

  const server = await startServerProcess(settings)
  expect(unfinished(settings)).toEqual([])
  await server.end('SIGTERM')
})

test('where no database can be made, the start says so in one line, with the directory and the reason', async () => {
  const settings: TestSettings = { DATA_DIR: join(temporaryDirectory('first-start'), 'data') }
  mkdirSync(join(String(settings.DATA_DIR), 'postgres', 'something'), { recursive: true, mode: 0o700 })

  const refused = await startServerProcess(settings, { waitUntilReady: false })
  expect((await refused.exited).code).toBe(1)
  expect(refused.stderr()).toMatch(/^No database could be made in DATA_DIR .*data \(.*ENOTEMPTY.*\)\.\n$/)
  expect(unfinished(settings)).toEqual([])
})

function unfinished({ DATA_DIR }: TestSettings): string[] {
  return readdirSync(String(DATA_DIR)).filter((name) => name.includes('unfinished'))
}
