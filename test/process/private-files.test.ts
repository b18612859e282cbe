import { chmodSync, globSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runCli } from '../cli/run-cli.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startServerProcess } from '../support/server.ts'
import { runVestibule } from './vestibule.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

const below = (directory: string) => [
  directory,
  ...globSync('**', { cwd: directory }).map((name) => join(directory, name)),
]
const openIn = (directory: string) => below(directory).filter((path) => (statSync(path).mode & 0o077) !== 0)

function openUp(directory: string): void {
  for (const path of below(directory)) chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o666)
}

test('run by itself, src/main.ts serves; and no other user can read a file of the server, also not one of before', async () => {
  const directory = temporaryDirectory('private')
  const DATA_DIR = await copyTemplate('demo', directory)
  const keys = join(directory, 'keys')
  mkdirSync(keys)
  mkdirSync(join(DATA_DIR, 'outbox'))
  writeFileSync(join(DATA_DIR, 'outbox', 'letter.eml'), 'a link that signs in')
  openUp(DATA_DIR)
  openUp(keys)
  expect(openIn(DATA_DIR).length).toBeGreaterThan(900)

  const server = await startServerProcess({ DATA_DIR, KEYS_URL: `file:${keys}` }, { program: MAIN })
  expect(openIn(DATA_DIR)).toEqual([])
  expect(openIn(keys)).toEqual([])
  // PGlite goes on making files: the first start of a server, and this one's end, do.
  expect((await server.end('SIGTERM')).code).toBe(0)
  expect(openIn(DATA_DIR)).toEqual([])

  chmodSync(DATA_DIR, 0o755)
  chmodSync(join(DATA_DIR, 'postgres'), 0o750)
  const { stdout } = await runCli(['doctor', '--json'], { DATA_DIR, KEYS_URL: `file:${keys}` })
  const { findings } = JSON.parse(stdout) as { findings: { check: string; isWell: boolean; detail: string }[] }
  const finding = findings.find(({ check }) => check === 'secret files')
  expect(finding).toMatchObject({ isWell: false, detail: expect.stringContaining('chmod 700') })
  expect(finding?.detail).toContain(`${DATA_DIR}, ${join(DATA_DIR, 'postgres')}`)
}, 180_000)

test('the files of a new database are for its owner alone, whatever makes it', async () => {
  const DATA_DIR = join(temporaryDirectory('new'), 'data')
  expect((await runVestibule(['migrate'], { DATA_DIR })).code).toBe(0)
  expect(openIn(DATA_DIR)).toEqual([])
}, 180_000)
