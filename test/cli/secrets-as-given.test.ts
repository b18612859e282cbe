import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConfigError, readConfig } from '../../src/config.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { read } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

let count = 0
function fileWith(content: string): string {
  const file = join(temporaryDirectory('secret'), `file-${++count}`)
  writeFileSync(file, content)
  return file
}
const confidential = (client_id: string) => ({ client_id, first_party: true, grant_types: ['client_credentials'] })

async function createByCommand(id: string, input: string) {
  const file = fileWith(JSON.stringify(confidential(id)))
  const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
  return runCommand(['clients', 'create', file, '--secret-stdin'], environment, input)
}

async function works(id: string, secret: string): Promise<boolean> {
  const byHeader = await read(
    postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, basicAuth(id, secret)),
  )
  const fields = { grant_type: 'client_credentials', client_id: id, client_secret: secret }
  const byBody = await read(postForm(`${server.url}/token`, fields))
  expect(byHeader.status).toBe(byBody.status)
  return byHeader.status === 200
}

describe('a client secret', () => {
  const blanks = '  blanks at both ends are mine  '

  test('is stored as it is given, but for the line break that ends standard input', async () => {
    for (const [id, input, secret] of [
      ['as-it-is', blanks, blanks],
      ['with-lf', `${blanks}\n`, blanks],
      ['with-crlf', `${blanks}\r\n`, blanks],
      ['every-sign', `:%+&=/?#"'\\ ${blanks}`, `:%+&=/?#"'\\ ${blanks}`],
    ] as const) {
      expect(await createByCommand(id, input)).toMatchObject({ code: 0 })
      expect([id, await works(id, secret), await works(id, secret.trim())]).toEqual([id, true, false])
    }
  })

  const useless = [
    'two line breaks at the end\n',
    'a\tb tab in the middle',
    'a NUL \0 in the middle',
    'ümlaut in the secret',
  ]

  test.each(useless)('that no client could send is refused (%j)', async (secret) => {
    const reason = /printable ASCII|NUL character/
    const metadata = confidential(`useless-${++count}`)
    const stored = [
      await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret }),
      await ask(server, OWNER, 'POST', '/v1/clients/orders-service/secrets', { name: `n${count}`, secret }),
    ]
    for (const { status, body } of stored) expect([status, body.detail]).toEqual([400, expect.stringMatching(reason)])
    const byCommand = await createByCommand(metadata.client_id, `${secret}\n`)
    expect(byCommand).toMatchObject({ code: 1, stderr: expect.stringMatching(reason) })
  })
})

test('a password with a line break in it is refused: no form could send it', async () => {
  const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
  const make = (kind: string, email: string, input: string) =>
    runCommand(
      [kind, 'create', '--email', email, ...(kind === 'agents' ? ['--password-stdin'] : ['--role', 'viewer'])],
      environment,
      input,
    )
  for (const kind of ['agents', 'administrators']) {
    const refused = await make(kind, `${kind}-1@example.com`, 'a long enough password\n\n')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('line break') })
    expect(await make(kind, `${kind}-2@example.com`, ' a long enough password \n')).toMatchObject({ code: 0 })
  }
  const signIn = (password: string) =>
    ask(server, undefined, 'POST', '/v1/sign-in', { email: 'administrators-2@example.com', password })
  expect((await signIn('a long enough password')).status).toBe(401)
  expect((await signIn(' a long enough password ')).status).toBe(200)
})

describe('a setting that is read from a file', () => {
  const fromFile = (name: string, content: string) => readConfig({ [`${name}_FILE`]: fileWith(content) })

  test('is the file’s content where it is secret, but for the line break that ends it', () => {
    for (const name of ['KEY_ENCRYPTION_KEY', 'AUDIT_WEBHOOK_SECRET'] as const) {
      const environment = { AUDIT_WEBHOOK_URL: 'https://hook.example/' }
      const value = (content: string) =>
        readConfig({ ...(name === 'AUDIT_WEBHOOK_SECRET' && environment), [`${name}_FILE`]: fileWith(content) })[name]
      expect(value(' sixteen letters or more \n')).toBe(' sixteen letters or more ')
      expect(value('sixteen letters or more\r\n')).toBe('sixteen letters or more')
      expect(value('sixteen letters\nor more\n\n')).toBe('sixteen letters\nor more\n')
    }
  })

  test('is trimmed where it is none', () => {
    expect(fromFile('LOG_LEVEL', '  debug \n\n').LOG_LEVEL).toBe('debug')
  })

  test.each(['ADMIN_TOKEN', 'SHOP_DIRECTORY_TOKEN', 'LEGACY_DIRECTORY_TOKEN'])(
    '%s that no header could carry is refused',
    (name) => {
      for (const content of ['sixteen letters\nor more', 'sixteen-letters-\u0007', 'sixteen-letters-ümlaut']) {
        const problems = () => {
          try {
            return readConfig({ [name]: content }) && 'none'
          } catch (error) {
            return (error as ConfigError).problems.join()
          }
        }
        expect(problems()).toMatch(new RegExp(`^${name} .*no header could carry it`))
      }
    },
  )
})
