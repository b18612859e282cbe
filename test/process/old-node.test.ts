import { execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/run-directory.ts'
import { runVestibule } from './vestibule.ts'

/** A Node of this machine that is too old to run the sources, if there is one. */
function findOldNode(): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin')
  return directories
    .filter((directory) => !directory.includes('node_modules'))
    .map((directory) => join(directory, 'node'))
    .find((path) => existsSync(path) && isOld(execFileSync(path, ['--version'], { encoding: 'utf8' })))
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  return major < 22 || (major === 22 && minor < 18)
}

const oldNode = findOldNode()

test.skipIf(!oldNode)(
  'an old Node is told which one is needed and how to get it, in words and not by a stack',
  async () => {
    const { code, stderr, stdout } = await runVestibule(['serve'], {}, { node: oldNode })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/needs Node 22\.18 or newer; this is Node \d+/)
    expect(stderr).toContain('npm ci')
    expect(stderr).not.toMatch(/\n {4}at /)
  },
)

test('a checkout without its packages says to install them, in words and not by a stack', async () => {
  const directory = temporaryDirectory('checkout')
  for (const name of ['bin', 'src', 'package.json']) {
    cpSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), join(directory, name), { recursive: true })
  }
  const program = join(directory, 'bin/vestibule.js')
  const { code, stderr } = await runVestibule(['migrate'], {}, { program })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^The packages of Vestibule are not installed\. Run "npm ci" in .*checkout/)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
