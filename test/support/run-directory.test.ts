import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { platform } from 'node:os'
import { expect, test } from 'vitest'
import { freePort } from './free-port.ts'
import { closeRunDirectory, temporaryDirectory } from './run-directory.ts'

test.skipIf(platform() !== 'linux')('what a crashed worker left running ends with the run', async () => {
  const directory = temporaryDirectory('crashed')
  const orphan = spawn('sleep', ['600'], { cwd: directory, stdio: 'ignore', detached: true })
  const exited = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)))
  await new Promise((resolve) => orphan.once('spawn', resolve))

  closeRunDirectory(directory)
  expect(await exited).toBe('SIGKILL')
  expect(existsSync(directory)).toBe(false)
})

test('no two temporary directories and no two ports are the same', async () => {
  expect(temporaryDirectory('x')).not.toBe(temporaryDirectory('x'))
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()))
  expect(new Set(ports).size).toBe(20)
})
