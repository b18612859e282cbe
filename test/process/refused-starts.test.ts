import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { whyMissing } from '../support/binaries.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { ended, runVestibule } from './vestibule.ts'

const SECRET = 'a-secret-of-an-operator-0123456789'
let running: ServerProcess
/** For starts that are refused for something else. */
let database: TestDatabase
beforeAll(async () => {
  running = await startServerProcess({ KEY_ENCRYPTION_KEY: SECRET })
  database = await createTestDatabase('demo')
})
afterAll(() => running?.kill())

/** Starts a server that must not come up, and gives back what it said about it. */
async function refusal(settings: TestSettings): Promise<string> {
  const { code, stdout, stderr } = await ended(await startServerProcess(settings, { waitUntilReady: false }))
  expect(code).toBe(1)
  expect(stdout).not.toContain('is ready')
  expect(stderr).not.toMatch(/\n {4}at |node_modules|\/src\//)
  return stderr.trim()
}

describe('a start that cannot work is refused in one sentence that names the setting and the fix', () => {
  test('DATA_DIR is in use by another process', async () => {
    const { PORT: _, ISSUER: __, ADMIN_PORT: ___, ...same } = running.settings
    const said = await refusal(same)
    expect(said).toMatch(/^DATA_DIR .* is in use by process \d+\. Stop /)
    expect(said).toContain(String(running.pid))
    expect(said.split('\n')).toHaveLength(1)
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200)
  })

  test.each(['PORT', 'ADMIN_PORT'] as const)('%s is taken', async (name) => {
    const said = await refusal({ ...database.settings, [name]: running.settings[name] })
    expect(said).toMatch(new RegExp(`^${name} ${running.settings[name]} .*EADDRINUSE.*set ${name}`))
    expect(said.split('\n')).toHaveLength(1)
  })

  test('DATA_DIR is no directory, or below something that is none', async () => {
    const file = join(temporaryDirectory('file'), 'file')
    writeFileSync(file, '')
    for (const DATA_DIR of [file, join(file, 'data')]) {
      const said = await refusal({ DATA_DIR })
      expect(said).toMatch(/^DATA_DIR .*(EEXIST|ENOTDIR).*set DATA_DIR/)
      expect(said.split('\n')).toHaveLength(1)
    }
  })

  test('KEYS_URL points below something that is no directory', async () => {
    const file = join(temporaryDirectory('file'), 'file')
    writeFileSync(file, '')
    expect(await refusal({ ...database.settings, KEYS_URL: `file:${join(file, 'keys')}` })).toContain('KEYS_URL')
  })

  test('DATABASE_URL does not answer', async () => {
    const port = await freePort()
    const said = await refusal({ DATABASE_URL: `postgres://app:${SECRET}@127.0.0.1:${port}/shop` })
    expect(said).toMatch(/^DATABASE_URL does not answer at .*ECONNREFUSED.*Start Postgres/)
    expect(said).not.toContain(SECRET)
    expect(said.split('\n')).toHaveLength(1)
  })

  test.for([
    ['nobody', 'postgres', /\(28000\): there is no such user/],
    ['postgres', 'no_such_database', /\(3D000\): there is no such database\. Create it/],
  ] as const)('Postgres answers and refuses %s at %s', async ([user, name, why], { skip }) => {
    if (whyMissing('postgres')) return skip()
    const { port } = new URL(await createDatabase())
    const said = await refusal({ DATABASE_URL: `postgres://${user}:${SECRET}@127.0.0.1:${port}/${name}` })
    expect(said).toMatch(/^Postgres at postgres:\/\/127\.0\.0\.1:\d+\/\w+ refuses DATABASE_URL/)
    expect(said).toMatch(why)
    expect(said).not.toContain(SECRET)
  })

  test('REDIS_URL does not answer', async () => {
    const port = await freePort()
    const said = await refusal({ ...database.settings, REDIS_URL: `redis://:${SECRET}@127.0.0.1:${port}` })
    expect(said).toMatch(/^REDIS_URL .*Start Redis/)
    expect(said).not.toContain(SECRET)
    expect(said.split('\n')).toHaveLength(1)
  })

  test('KEY_ENCRYPTION_KEY is another one, or missing', async () => {
    const { KEYS_URL } = running.settings
    for (const key of ['another-secret-of-an-operator-01', undefined]) {
      const keys = { ...(KEYS_URL && { KEYS_URL }), ...(key && { KEY_ENCRYPTION_KEY: key }) }
      const said = await refusal({ ...database.settings, ...keys })
      expect(said).toContain('KEY_ENCRYPTION_KEY')
    }
  })

  test('DIALECTS names one that does not exist', async () => {
    const said = await refusal({ ...database.settings, DIALECTS: 'spryker,esperanto' })
    expect(said).toMatch(/DIALECTS .*"esperanto".*spryker/)
  })
})

describe('settings', () => {
  const isolated = () => ({ DATA_DIR: join(temporaryDirectory('data'), 'data') })

  test('are all complained about at once', async () => {
    const { code, stderr } = await runVestibule(['serve'], {
      ...isolated(),
      PORT: '70000',
      ISSUER: 'shop.example',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://localhost/shop',
      KEY_ENCRYPTION_KEY: 'short',
      LOCKOUT_ATTEMPTS: '0',
      SIGNING_ALGORITHMS: 'EdDSA',
    })
    expect(code).toBe(1)
    const names = [
      'PORT',
      'ISSUER',
      'LOG_LEVEL',
      'DATABASE_URL',
      'KEY_ENCRYPTION_KEY',
      'LOCKOUT_ATTEMPTS',
      'SIGNING_ALGORITHMS',
    ]
    for (const name of names) expect(stderr).toMatch(new RegExp(`^ +- ${name} `, 'm'))
    expect(stderr).not.toMatch(/\n {4}at /)
  })

  test('of a name nobody knows are refused, with the right name where there is one', async () => {
    const { code, stderr } = await runCommand(['serve'], { ...isolated(), VESTIBULE_PORT: '1', VESTIBULE_POTR: '1' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/VESTIBULE_PORT is not a setting.* PORT/)
    expect(stderr).toMatch(/VESTIBULE_POTR is not a setting/)
  })

  test('never show a secret that is wrong', async () => {
    const { stderr } = await runCommand(['serve'], { ...isolated(), COOKIE_KEYS: 'too-short', DATABASE_URL: SECRET })
    expect(stderr).toMatch(/COOKIE_KEYS/)
    expect(stderr).not.toContain('too-short')
    expect(stderr).not.toContain(SECRET)
  })

  test('that production needs are asked for', async () => {
    const { code, stderr } = await runCommand(['serve'], {
      ...isolated(),
      NODE_ENV: 'production',
      ISSUER: 'http://shop.example',
    })
    expect(code).toBe(1)
    for (const name of ['ISSUER', 'COOKIE_KEYS', 'KEY_ENCRYPTION_KEY']) expect(stderr).toContain(name)
  })

  test('are read from the file that NAME_FILE names', async () => {
    const file = join(temporaryDirectory('secrets'), 'level')
    writeFileSync(file, 'warn\n')
    const { code, stdout } = await runCommand(['config', '--json'], { ...isolated(), LOG_LEVEL_FILE: file })
    expect([code, JSON.parse(stdout).LOG_LEVEL]).toEqual([0, 'warn'])
  })

  test('are refused when the file cannot be read, or when both are given', async () => {
    const missing = await runCommand(['config'], { ...isolated(), COOKIE_KEYS_FILE: '/nonexistent/secret' })
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/COOKIE_KEYS_FILE .*ENOENT/)])
    const both = await runCommand(['config'], { ...isolated(), PORT: '1', PORT_FILE: '/nonexistent' })
    expect([both.code, both.stderr]).toEqual([1, expect.stringMatching(/PORT and PORT_FILE are both set/)])
  })

  test('are shown by "vestibule config" with their secrets masked', async () => {
    const file = join(temporaryDirectory('secrets'), 'key')
    writeFileSync(file, SECRET)
    const secrets = {
      DATABASE_URL: `postgres://app:${SECRET}@db/shop`,
      REDIS_URL: `redis://:${SECRET}@cache`,
      COOKIE_KEYS: `${SECRET},${SECRET}x`,
      KEY_ENCRYPTION_KEY_FILE: file,
    }
    for (const args of [['config'], ['config', '--json']]) {
      const { code, stdout, stderr } = await runCommand(args, { ...isolated(), ...secrets, PORT: '4321' })
      expect(code).toBe(0)
      expect(stdout).toContain('4321')
      expect(stdout).toMatch(/DATABASE_URL.*masked/)
      expect(stdout + stderr).not.toContain(SECRET)
    }
  })
})

describe('the command line', () => {
  test('names its commands, and refuses one that does not exist', async () => {
    const help = await runCommand(['--help'], {})
    expect([help.code, help.stdout]).toEqual([0, expect.stringMatching(/serve[\s\S]*migrate[\s\S]*config/)])
    const unknown = await runCommand(['srve'], {})
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('"srve"')])
  })

  test('explains each command', async () => {
    const { code, stdout } = await runCommand(['serve', '--help'], {})
    expect([code, stdout]).toEqual([0, expect.stringContaining('Usage: vestibule serve')])
  })
})

test('a start that was refused left nothing behind: the directory is free for the next one', async () => {
  const directory = temporaryDirectory('left')
  const settings = { DATA_DIR: await copyTemplate('demo', directory), KEYS_URL: `file:${join(directory, 'keys')}` }
  await refusal({ ...settings, PORT: running.settings.PORT ?? '' })
  const next = await startServerProcess(settings)
  expect(readFileSync(join(directory, 'data', 'vestibule.lock'), 'utf8')).toContain(String(next.pid))
  expect((await next.end('SIGINT')).code).toBe(0)
})
