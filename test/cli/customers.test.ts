import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestTokens, tokensOf } from '../endpoints/client.ts'
import { startDaemon } from '../support/daemon.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import type { CliResult } from './run-cli.ts'
import { runCommand } from './run-command.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/vestibule.js', import.meta.url))
/** Magento 2, sha256 with a salt; the password is "password". */
const MAGENTO = { scheme: 'magento', hash: '13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1' }

const BCRYPT = { scheme: 'bcrypt', hash: '$2y$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO' }

type Json = Record<string, unknown>
type Migration = { customers: number; schemes: { scheme: string; customers: number; state: string }[] }

let server: TestServer
let directory: string
beforeAll(async () => {
  server = await startTestServer()
  directory = temporaryDirectory('import')
})
afterAll(() => server?.stop())

const customers = (args: readonly string[], input?: string, on = server): Promise<CliResult> =>
  runCommand(['customers', ...args], { DATA_DIR: on.config.DATA_DIR }, input)
const linesOf = (text: string): Json[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json)
const fileOf = (name: string, records: readonly object[]): string => {
  const path = join(directory, name)
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  return path
}
const exported = async (prefix: string, on = server): Promise<Json[]> => {
  const { stdout } = await customers(['export-all', '--hashes'], undefined, on)
  const all = linesOf(stdout).filter(({ customerReference }) => String(customerReference).startsWith(prefix))
  return all.sort((a, b) => String(a.customerReference).localeCompare(String(b.customerReference)))
}

describe('a customer made by hand', () => {
  const create = (reference: string, more: readonly string[] = [], password = 'a password of their own') => {
    const name = ['--email', `${reference.toLowerCase()}@example.com`, '--reference', reference]
    return customers(['create', ...name, '--password-stdin', ...more], `${password}\n`)
  }
  const signIn = (reference: string) =>
    requestTokens(server.url, {
      username: `${reference.toLowerCase()}@example.com`,
      password: 'a password of their own',
    })

  test('signs in with the password at once, if the address is confirmed', async () => {
    const { code, stdout } = await create('MADE--1', ['--confirmed', '--given-name', 'Jo', '--json'])
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ customerReference: 'MADE--1', givenName: 'Jo', emailVerified: true, status: 'active' }),
    ])
    expect((await signIn('MADE--1')).status).toBe(200)
    expect((await create('MADE--2')).stdout).toMatch(/^MADE--2 is a customer now, with the id [0-9a-f-]{36}$/m)
    expect((await signIn('MADE--2')).status).toBe(400)
  })

  test('replaces nobody, and has a password that the policy takes', async () => {
    await create('MADE--3', ['--confirmed'])
    const again = await create('MADE--3', ['--confirmed'], 'another password of theirs')
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/MADE--3|made--3@example\.com/)])
    expect((await signIn('MADE--3')).status).toBe(200)
    const weak = await create('MADE--4', [], 'short')
    expect([weak.code, weak.stderr]).toEqual([1, expect.stringContaining('too short')])
    const incomplete = await customers(['create', '--email', 'made--5@example.com', '--password-stdin'], 'a password')
    expect(incomplete.code).not.toBe(0)
    expect(incomplete.stderr).toContain('--reference')
  })
})

describe('an import', () => {
  test('keeps every field exactly as given, and what is exported is what was imported, on another server too', async () => {
    const records = [everyField('FULL--1'), { ...everyField('FULL--2', 2), companyUsers: [] }]
    const first = await customers(['import', fileOf('full.ndjson', records)])
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringContaining('2 created, 0 updated, 0 unchanged, 0 refused'),
    ])
    expect(await exported('FULL--')).toEqual(records)
    expect(JSON.stringify(await exported('FULL--'))).toContain('"ids":{"0":1,"2":3}')

    const other = await startTestServer({ DEMO: 'false' })
    try {
      const copy = (await customers(['export-all', '--hashes'])).stdout
      expect((await customers(['import', '-'], copy, other)).code).toBe(0)
      expect(await exported('FULL--', other)).toEqual(records)
    } finally {
      await other.stop()
    }
  })

  test('may be repeated: nobody is new, nothing changes', async () => {
    const path = fileOf('again.ndjson', [person('AGAIN--1'), person('AGAIN--2')])
    await customers(['import', path])
    const before = await exported('AGAIN--')
    const again = await customers(['import', path])
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining('0 created, 0 updated, 2 unchanged, 0 refused'),
    ])
    expect(await exported('AGAIN--')).toEqual(before)
  })

  test('lands good lines and reports bad ones by number and reason, then and later, without the secret', async () => {
    const path = fileOf('mixed.ndjson', [
      person('MIXED--1'),
      { ...person('MIXED--2'), password: { scheme: 'md5', hash: 'hunter2' } },
      { ...person('MIXED--3'), passwrod: {} },
      { ...person('MIXED--4'), email: person('MIXED--1').email },
    ])
    appendFileSync(path, '{"broken\n')
    const { code, stdout } = await customers(['import', path, '--json'])
    expect(code).toBe(1)
    const answers = linesOf(stdout)
    const problems = answers.flatMap(({ problem }) => (problem ? [problem as { line: number; reason: string }] : []))
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5])
    expect(problems.map(({ reason }) => reason).join('\n')).toMatch(
      /md5[\s\S]*passwrod[\s\S]*email is on line 1 already/,
    )
    expect(stdout).not.toContain('hunter2')
    const reports = answers.flatMap(({ report }) => (report ? [report] : []))
    expect(reports).toMatchObject([{ created: 1, updated: 0, refused: 4, outcome: 'finished' }])
    const later = (await customers(['migration'])).stdout
    expect(later).toContain('mixed.ndjson: 1 created, 0 updated, 0 unchanged, 4 refused')
    expect(later).toContain('line 5: ')
  })

  test('names line, reference and reason of each bad line', async () => {
    const path = fileOf('named.ndjson', [
      person('NAMED--1'),
      { ...person('NAMED--2'), status: 'odd' },
      person('NAMED--1'),
    ])
    const { code, stderr } = await customers(['import', path])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^line 2, NAMED--2: status: /m)
    expect(stderr).toMatch(/^line 3, NAMED--1: customerReference NAMED--1 is on line 1 already/m)
    expect((await customers(['migration'])).stdout).toContain('line 2, NAMED--2: status: ')
  })

  test('that is only tried reports what the import then reports', async () => {
    const known = { ...person('TRIED--1'), givenName: 'Known' }
    await customers(['import', fileOf('tried-before.ndjson', [known, person('TRIED--2')])])
    const lines = [known, { ...person('TRIED--2'), givenName: 'New' }, person('TRIED--3'), person('TRIED--3')]
    const path = fileOf('tried.ndjson', lines)
    const reportOf = async (...flags: string[]) => {
      const answers = linesOf((await customers(['import', path, '--json', ...flags])).stdout)
      const report = answers.flatMap(({ report }) => (report ? [{ ...report, elapsedSeconds: 0 }] : []))
      return { report, problems: answers.flatMap(({ problem }) => problem ?? []) }
    }
    const tried = await reportOf('--dry-run')
    expect(tried.report).toMatchObject([{ created: 1, updated: 1, unchanged: 1, refused: 1 }])
    expect(await reportOf()).toEqual(tried)
  })

  test('keeps refused lines as they were given in a file for their owner alone, to be corrected and imported', async () => {
    const hash = 'hunter2'
    const bad = { ...person('KEPT--2'), password: { scheme: 'md5', hash } }
    const path = fileOf('kept.ndjson', [person('KEPT--1'), bad, person('KEPT--1')])
    const refused = join(directory, 'kept-refused.ndjson')
    const first = await customers(['import', path, '--json', '--refused', refused])
    expect(first.code).toBe(1)
    expect(first.stdout + first.stderr, 'no hash is printed').not.toContain(hash)
    expect(linesOf(readFileSync(refused, 'utf8'))).toEqual([bad, person('KEPT--1')])
    expect(statSync(refused).mode & 0o777).toBe(0o600)

    const corrected = fileOf('kept-corrected.ndjson', [{ ...bad, password: BCRYPT }, person('KEPT--1')])
    const left = join(directory, 'kept-left.ndjson')
    const { code, stdout } = await customers(['import', corrected, '--refused', left])
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 created, 0 updated, 1 unchanged, 0 refused')])
    expect(existsSync(left), 'nothing was refused').toBe(false)
  })

  test.each([
    { what: 'the file to import', refused: 'spared.ndjson', says: 'is the file to import' },
    { what: 'a file of before', refused: 'earlier.ndjson', says: 'exists already' },
    { what: 'a file in no folder', refused: 'no/such/folder', says: 'cannot be written (ENOENT)' },
  ])('never writes refused lines over $what', async ({ refused, says }) => {
    const path = fileOf('spared.ndjson', [{ ...person('SPARED--1'), status: 'odd' }])
    fileOf('earlier.ndjson', [person('EARLIER--1')])
    const before = readFileSync(join(directory, 'earlier.ndjson'), 'utf8') + readFileSync(path, 'utf8')
    const { code, stderr } = await customers(['import', path, '--refused', join(directory, refused)])
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)])
    expect(readFileSync(join(directory, 'earlier.ndjson'), 'utf8') + readFileSync(path, 'utf8')).toBe(before)
  })

  test('killed in the middle goes on where it stopped, and nobody is missing or twice', {
    timeout: 120_000,
  }, async () => {
    const count = 6000
    const bad = { ...person('LARGE--bad'), status: 'odd' }
    const good = Array.from({ length: count - 1 }, (_, index) => person(`LARGE--${index}`))
    const path = fileOf('large.ndjson', [bad, ...good])
    const refused = join(directory, 'large-refused.ndjson')
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: server.config.DATA_DIR }
    const killed = await startDaemon(process.execPath, [PROGRAM, 'customers', 'import', path, '--refused', refused], {
      cwd: directory,
      env,
    })
    await waitFor(() => /^2000 lines/m.test(killed.stderr()), { everyMs: 2, what: 'progress' })
    await killed.kill()

    const { code, stdout } = await customers(['import', path, '--resume', '--json', '--refused', refused])
    expect(code, 'one line was refused').toBe(1)
    const [again, first, ...rest] = linesOf(stdout)
    expect(again).toMatchObject({ problem: { line: 1, customerReference: 'LARGE--bad' } })
    expect(linesOf(readFileSync(refused, 'utf8')), 'complete, and each line once').toEqual([bad])
    expect(first).toMatchObject({ progress: { line: expect.toSatisfy((line: number) => line > 2000) } })
    expect(rest.find(({ report }) => report)?.report).toMatchObject({ line: count, refused: 1, outcome: 'finished' })
    expect((await exported('LARGE--')).length).toBe(count - 1)
  })
})

describe('fast hashes', () => {
  const schemeOf = async (state: string) => {
    const { stdout } = await customers(['migration', '--json'])
    const uses = (JSON.parse(stdout) as Migration).schemes.filter((use) => use.state === state)
    return uses.reduce((sum, use) => sum + use.customers, 0)
  }

  test('are inside argon2id when an import is over, unless it was told not to; the passwords sign in all along', async () => {
    const bare = await customers(['import', fileOf('bare.ndjson', [fast('FAST--1')]), '--no-wrap'])
    expect(bare.code).toBe(0)
    expect(await schemeOf('bare')).toBe(1)
    expect((await signIn('FAST--1')).status).toBe(200)

    const wrapped = await customers(['import', fileOf('wrapped.ndjson', [fast('FAST--2'), fast('FAST--3')])])
    expect(wrapped.stdout).toContain('2 fast hashes are wrapped in argon2id')
    expect([await schemeOf('bare'), await schemeOf('wrapped')]).toEqual([0, 2])
    expect((await customers(['status', 'FAST--3'])).stdout).toMatch(/^argon2id\(magento\) +wrapped/m)
    expect((await signIn('FAST--2')).status).toBe(200)
    expect((await signIn('FAST--3', 'not the password')).status).toBe(400)
    expect(await schemeOf('wrapped'), 'the first sign-in hashes anew').toBe(1)
  })

  test('of before are wrapped by a command of its own', async () => {
    await customers(['import', '-', '--no-wrap'], JSON.stringify(fast('FAST--4')))
    expect((await customers(['wrap'])).stdout).toContain('1 fast hash is wrapped in argon2id')
    expect(await schemeOf('bare')).toBe(0)
  })
})

describe('a person', () => {
  test('is told everything that is held about them, what they did included', async () => {
    await customers(['import', '-'], JSON.stringify(fast('PERSON--1')))
    await signIn('PERSON--1')
    const { stdout } = await customers(['export', 'PERSON--1'])
    expect(JSON.parse(stdout)).toMatchObject({
      customer: { customerReference: 'PERSON--1', email: 'person--1@example.com' },
      account: { passwordScheme: expect.any(String), createdAt: expect.any(String) },
      audit: expect.arrayContaining([expect.objectContaining({ type: 'login.succeeded' })]),
      signIns: [expect.objectContaining({ clientId: 'frontend', by: 'password', expiresAt: expect.any(Number) })],
    })
  })

  test('who is erased is signed out and forgotten, and an import does not bring them back', async () => {
    await customers(['import', '-'], JSON.stringify(fast('PERSON--2')))
    const { refresh_token } = await tokensOf(server.url, { username: 'person--2@example.com', password: 'password' })
    expect((await customers(['erase', 'PERSON--2'])).code).toBe(0)
    expect((await requestTokens(server.url, { grant_type: 'refresh_token', refresh_token })).status).toBe(400)
    const { stdout } = await customers(['export', 'PERSON--2'])
    expect(stdout).not.toContain('person--2@example.com')
    expect(JSON.parse(stdout)).toMatchObject({ customer: { status: 'anonymised' } })
    const again = await customers(['import', '-'], JSON.stringify(fast('PERSON--2')))
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('line 1, PERSON--2: ')])
    expect((await signIn('PERSON--2')).status).toBe(400)
  })

  test('nobody knows is answered so', async () => {
    const { code, stderr } = await customers(['export', 'NOBODY--1'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('NOBODY--1')])
  })
})

const signIn = (reference: string, password = 'password') =>
  requestTokens(server.url, { username: person(reference).email, password })

function person(customerReference: string) {
  return { email: `${customerReference.toLowerCase()}@example.com`, customerReference, emailVerified: true }
}

function fast(customerReference: string): object {
  return { ...person(customerReference), password: MAGENTO }
}

/** A record with every field of the format, and permissions as a shop's PHP writes them. */
function everyField(customerReference: string, number = 1): Json {
  const id = (digit: string) => `${digit.repeat(8)}-0000-4000-8000-00000000000${number}`
  return {
    id: id('a'),
    idCustomer: 4000 + number,
    customerReference,
    email: `Full.Name+${number}@Example.com`,
    emailVerified: true,
    status: 'blocked',
    givenName: 'Zoë',
    familyName: "O'Neill",
    locale: 'de_CH',
    companyUsers: [
      {
        id: id('b'),
        company: { id: id('c'), name: 'Blocked & Sons', status: 'blocked' },
        businessUnit: { id: id('d'), name: 'Headquarters' },
        isActive: false,
        isDefault: true,
        roles: [
          {
            id: id('e'),
            name: 'Buyer',
            permissions: [
              { idPermission: 7, key: 'Lists', configuration: { ids: { '0': 1, '2': 3 } }, configurationSignature: [] },
              { key: 'Carts', configuration: { ids: [53, 52] }, configurationSignature: '[]' },
              { key: 'None', configuration: [], configurationSignature: {} },
            ],
          },
        ],
      },
      {
        id: id('f'),
        company: { id: id('1'), name: 'Other', status: 'approved' },
        isActive: true,
        isDefault: false,
        roles: [],
      },
    ],
    password: BCRYPT,
  }
}
