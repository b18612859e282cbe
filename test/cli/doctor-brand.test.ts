import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { CALLBACK } from '../endpoints/client.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

type Finding = { check: string; isWell: boolean; detail: string }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

async function doctor(settings: Record<string, string>): Promise<{ code: number | null; found: Finding[] }> {
  const { ISSUER, PORT, DATA_DIR, KEYS_URL } = server.config
  const environment = { ISSUER, PORT: String(PORT), DATA_DIR, KEYS_URL, ...settings }
  const { code, stdout } = await runCommand(['doctor', '--json'], environment)
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return { code, found: findings.filter(({ check }) => check === 'brand' || check === 'views') }
}

function keep(file: string, content: string): string {
  const directory = temporaryDirectory('brand')
  mkdirSync(join(directory, 'mails'))
  writeFileSync(join(directory, file), content)
  return directory
}

test('colours that can be read are said to', async () => {
  const { code, found } = await doctor({})
  expect([code, found]).toEqual([0, [{ check: 'brand', isWell: true, detail: expect.stringContaining('can be read') }]])
})

describe('a colour that cannot be read is told with the shade that pages show instead:', () => {
  test.each([
    [{ BRAND_COLOR: '#ffcc00' }, /^BRAND_COLOR #ffcc00 stands out 1\.\d to 1 from light pages.* in #[0-9a-f]{6},/],
    [
      { BRAND_COLOR_DARK: '#202020' },
      /^BRAND_COLOR_DARK #202020 stands out 1\.\d to 1 from dark pages.* in #[0-9a-f]{6},/,
    ],
  ])('%j', async (settings, sentence) => {
    const { code, found } = await doctor(settings)
    expect([code, found]).toEqual([0, [{ check: 'brand', isWell: true, detail: expect.stringMatching(sentence) }]])
  })

  test('of a client', async () => {
    const metadata = { client_id: 'faint', application_type: 'native', redirect_uris: [CALLBACK], brand_color: '#fc0' }
    const given = { ...metadata, token_endpoint_auth_method: 'none', response_types: ['code'], resource_scopes: [] }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata: given })).status).toBe(201)
    const { code, found } = await doctor({})
    expect(code).toBe(0)
    expect(found).toContainEqual(
      expect.objectContaining({ isWell: true, detail: expect.stringMatching(/"faint", #ffcc00 .* in #[0-9a-f]{6},/) }),
    )
  })
})

test.each([
  ['a logo that is none', { BRAND_LOGO: '/nothing/here.svg' }, /BRAND_LOGO: .*here\.svg/],
  [
    'a dark logo that is none',
    { BRAND_LOGO: join(keep('logo.svg', '<svg width="9" height="9"></svg>'), 'logo.svg'), BRAND_LOGO_DARK: '/no.svg' },
    /BRAND_LOGO_DARK: .*no\.svg/,
  ],
  [
    'a mail without its link',
    { VIEWS_DIR: keep('mails/recovery.text.eta', 'Hello') },
    /mails\/recovery in VIEWS_DIR: the text/,
  ],
])('%s is a problem', async (_, settings, detail) => {
  const { code, found } = await doctor(settings)
  expect(code).toBe(1)
  expect(found).toContainEqual(expect.objectContaining({ isWell: false, detail: expect.stringMatching(detail) }))
})
