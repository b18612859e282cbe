import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { runCommand } from '../cli/run-command.ts'
import { addStreamClient } from '../shared-signals/stream-client.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** Renames the window, clears the screen in both spellings, turns the text around, and adds a line of its own. */
const HOSTILE = '\u001b]0;x\u0007\u001b[2J\u009b2J\u202e\r\nline 99: all is well'
const SHOWN = '\\u001b]0;x\\u0007\\u001b[2J\\u009b2J\\u202e\\u000d\\u000aline 99: all is well'
/** What a terminal obeys. The ends of our own lines are taken out before. */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

const file = join(temporaryDirectory('terminal'), 'customers.ndjson')
const LINES = [
  { customerReference: `T1${HOSTILE}`, email: 't1@example.com', givenName: HOSTILE },
  { customerReference: `T2${HOSTILE}`, email: 't2@example.com', [HOSTILE]: 1 },
  { customerReference: 'T3', email: 't3@example.com', password: { scheme: `md5${HOSTILE}`, hash: 'x' } },
]

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  writeFileSync(file, LINES.map((line) => JSON.stringify(line)).join('\n'))
})
afterAll(() => server?.stop())

const run = async (...command: string[]) => {
  const { stdout, stderr } = await runCommand(command, { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER })
  return stdout + stderr
}

describe('what is in a file of customers reaches no terminal as something that it obeys', () => {
  test.each([
    ['the import', 'import', file],
    ['the import as JSON', 'import', file, '--json'],
    ['the imports so far', 'migration'],
    ['the imports so far as JSON', 'migration', '--json'],
    ['a search', 'find', 't1@'],
    ['a search as JSON', 'find', 't1@', '--json'],
    ['a customer', 'show', 't1@example.com'],
    ['the block of a customer', 'block', 't1@example.com'],
    ['an export', 'export-all'],
    ['a customer who is not there', 'show', `nobody${HOSTILE}`],
  ])('%s', async (_name, ...command) => {
    const printed = await run('customers', ...command)
    expect(printed.replaceAll('\n', '')).not.toMatch(OBEYED)
    expect(printed).toContain('\\u009b2J')
  })

  test('a line about a refused line is one line', async () => {
    const lines = (await run('customers', 'import', file)).split('\n').filter((line) => line.startsWith('line '))
    expect(lines.map((line) => line.slice(0, 7))).toEqual(['line 2,', 'line 3,'])
    expect(lines[0]).toContain(SHOWN)
  })

  test('what is shown as JSON is the same value', async () => {
    const { customers } = JSON.parse(await run('customers', 'find', 't1@', '--json')) as { customers: object[] }
    expect(customers).toMatchObject([{ customerReference: LINES[0]?.customerReference }])
  })
  test('an erasure', async () => {
    const printed = await run('customers', 'erase', 't1@example.com')
    expect(printed.trimEnd()).toBe(`T1${SHOWN} is erased and signed out everywhere`)
  })
})

test('what a receiver says of its stream and of signals reaches no terminal as something that it obeys', async () => {
  const client = await addStreamClient(server)
  const { stream_id } = await client.create({ description: HOSTILE })
  await client.ask('POST', '/ssf/status', { stream_id, status: 'enabled', reason: HOSTILE })
  await client.ask('POST', '/ssf/verify', { stream_id })
  const answer = await client.poll(stream_id, {})
  const [jti = ''] = Object.keys(answer.body.sets as object)
  await client.poll(stream_id, { maxEvents: 0, setErrs: { [jti]: { err: HOSTILE, description: HOSTILE } } })
  for (const command of [
    ['streams', 'list'],
    ['streams', 'show', stream_id],
    ['streams', 'show', stream_id, '--json'],
    ['outbox', 'list'],
  ])
    expect((await run(...command)).replaceAll('\n', ''), command.join(' ')).not.toMatch(OBEYED)
  expect((await run('streams', 'show', stream_id)).split(SHOWN)).toHaveLength(5)
})
