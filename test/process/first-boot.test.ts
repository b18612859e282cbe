import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/database/index.ts'
import { decode, read, requestTokens, ron, signIn, sonia } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

const run = promisify(execFile)
let server: ServerProcess
let directory: string
beforeAll(async () => {
  directory = temporaryDirectory('first-boot')
  const settings = { DATA_DIR: join(directory, 'data'), KEYS_URL: `file:${join(directory, 'keys')}` }
  server = await startServerProcess(settings, { waitUntilReady: false })
  // Making a database takes a busy machine longer than a start may take.
  await waitFor(() => server.stdout().includes('Vestibule is ready') || !server.isRunning(), { what: 'readiness' })
})
afterAll(() => server?.kill())

/** What a person would paste: the printed text from the first request to the last, comments and all. */
function printedRequests(): string {
  const [, requests = ''] = /Paste these[^\n]*\n([\s\S]*?)# In a browser/.exec(server.stdout()) ?? []
  return requests
}

describe('the first start on an empty directory', () => {
  test('says what it does while it takes its time, and where it can be reached', () => {
    const text = server.stdout()
    expect(text).toMatch(/^· creating a database/m)
    expect(text).toContain(server.url)
    expect(text).toContain(server.adminUrl)
    expect(text).toContain(`${server.url}/.well-known/openid-configuration`)
    expect(server.stderr()).toBe('')
  })

  test('makes signing keys that only their owner can read', () => {
    const files = readdirSync(join(directory, 'keys'), { recursive: true, withFileTypes: true })
    const keys = files.filter((entry) => entry.isFile())
    expect(keys.length).toBeGreaterThan(0)
    for (const { parentPath, name } of keys) expect(statSync(join(parentPath, name)).mode & 0o077).toBe(0)
  })

  test('prints requests that work when they are pasted into a shell, in their order', async () => {
    const requests = printedRequests()
      .split('\n# ')
      .filter((request) => request.includes('curl'))
    expect(requests.length).toBeGreaterThanOrEqual(6)
    const marked = requests.map((request) => `printf '\\n@@@\\n'\n# ${request.replace(/^# /, '')}`).join('\n')
    const { stdout } = await run('bash', ['-c', marked], { timeout: 60_000 })
    const answers = stdout.split('\n@@@\n').slice(1)
    const answerTo = (words: string) => answers[requests.findIndex((request) => request.includes(words))] ?? ''

    expect(answerTo('grant_type=password')).toContain('"access_token"')
    expect(answerTo('/userinfo')).toContain('"email":"sonia@spryker.com"')
    expect(answerTo('grant_type=refresh_token')).toContain('"refresh_token":"')
    expect(answerTo('RFC 7662')).toContain('"active":true')
    expect(answerTo('RFC 7009')).toContain('revoked: 200')
    expect(answerTo('RFC 7009')).toContain('{"active":false}')
    expect(answerTo('grant_type=client_credentials')).toContain('"access_token"')
    expect(answerTo('/access-tokens')).toContain('"type":"access-tokens"')
    expect(answerTo('RFC 8693')).toContain('"issued_token_type"')
    expect(answerTo('/v2/customers/tokens')).toMatch(/"token":"eyJ/)
    expect(answerTo('/rest/V1')).toMatch(/^"[a-z0-9]{32}"$/m)
    expect(answerTo('commercetools')).toContain('"access_token"')
    for (const answer of answers) expect(answer).not.toMatch(/"errors?":/)
  })

  test('prints an address whose code the printed request redeems', async () => {
    const text = server.stdout()
    const address = /(http\S+\/authorize\?\S+)/.exec(text)?.[1] ?? ''
    const jar = createCookieJar()
    const stopAt = 'http://localhost:8080/callback'
    const { url } = await signIn(jar, await jar.follow(await jar.fetch(address), { stopAt }), sonia)
    const code = new URL(url).searchParams.get('code')
    const redeem = /(curl -s \S+\/token -d grant_type=authorization_code[^\n]*)/.exec(text)?.[1]
    const { stdout } = await run('bash', ['-c', `CODE=${code}; ${redeem}`], { timeout: 30_000 })
    expect(decode(JSON.parse(stdout).access_token).payload.customer_reference).toBe('DE--21')
  })
})

test('a later start keeps what was changed and loads nothing again', async () => {
  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null })
  const database = await openDatabase(readConfig({ DATA_DIR: join(directory, 'data') }))
  await database.knex('customers').where({ email: ron.username }).delete()
  await database.close()

  server = await startServerProcess(server.settings)
  expect(server.stdout()).not.toMatch(/creating a database|loading/)
  expect((await requestTokens(server.url, sonia)).status).toBe(200)
  const { status, body } = await read(requestTokens(server.url, ron))
  expect([status, body.error]).toEqual([400, 'invalid_grant'])
})
