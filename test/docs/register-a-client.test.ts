import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromPreset, PRESETS } from '../../src/clients/presets.ts'
import { unwiseMembers } from '../../src/clients/unwise.ts'
import { ask } from '../admin/administrators.ts'
import { startPageServer } from './page-server.ts'

const PAGE = 'docs/how-to/register-a-client.md'
const SECRET = /^[\w-]{43}$/gm

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('goes as its page says: presets, secrets, changes by command line and API, a refusal', async () => {
  const walk = shop.walk(PAGE)
  const presets = await walk.next('--preset spa')
  expect([...presets.matchAll(/^(\S+) is registered$/gm)].map(([, id]) => id)).toEqual([
    'storefront',
    'shop',
    'shop-app',
    'orders',
    'assistants',
    'spryker-storefront',
    'reviews',
  ])
  expect(presets.match(SECRET)).toHaveLength(4)
  expect(presets).not.toContain('warning')
  const chosen = await walk.next('--secret-stdin')
  expect(chosen).not.toMatch(SECRET)

  expect(await walk.next('secrets add shop autumn')).toMatch(/default +\d{4}-.*\n(.*\n)?autumn|autumn +never/)
  expect(await walk.next('clients update shop')).toContain('shop is changed')
  const stored = await clientNamed('shop')
  expect(stored.redirect_uris).toEqual(['https://shop.example/callback', 'https://shop.example/silent'])

  const made = JSON.parse(await walk.next('"client_id":"kiosk"'))
  expect(made).toMatchObject({ metadata: { client_id: 'kiosk' }, secret: expect.stringMatching(SECRET) })
  await walk.next('If-Match: $etag')
  expect((await clientNamed('kiosk')).client_name).toBe('Kiosk, ground floor')

  const refused = await walk.next('typo.json')
  expect(refused).toMatch(/redirect_uri\b.*redirect_uris/)
  expect(refused).toContain('refused')
  walk.end()
})

test('has a line for every preset and for every warning', () => {
  const page = readFileSync(new URL(`../../${PAGE}`, import.meta.url), 'utf8')
  for (const preset of PRESETS) expect(page).toContain(`| \`${preset}\` |`)
  const source = readFileSync(new URL('../../src/clients/unwise.ts', import.meta.url), 'utf8')
  const sentences = [...source.matchAll(/sentence: '([^']+)'/g)].map(([, sentence]) => sentence)
  expect(sentences.length).toBeGreaterThan(4)
  for (const sentence of sentences) expect(page).toContain(`| ${sentence} |`)
})

test.each(PRESETS)('the preset %s has a secret and PKCE where the page says so', (preset) => {
  const page = readFileSync(new URL(`../../${PAGE}`, import.meta.url), 'utf8')
  const [, row = ''] = new RegExp(`^\\| \`${preset}\` \\|(.*)$`, 'm').exec(page) ?? []
  const client = fromPreset(preset, { clientId: 'any', redirectUris: [], isThirdParty: false })
  const isPublic = client.token_endpoint_auth_method === 'none'
  expect(row.includes('| no |')).toBe(isPublic)
  expect(row.includes('PKCE')).toBe(client.require_pkce === true || (isPublic && preset !== 'dialect'))
  expect(unwiseMembers(client).length).toBeLessThan(2)
})

async function clientNamed(id: string): Promise<Record<string, unknown>> {
  const { body } = await ask(shop.server, shop.token, 'GET', `/v1/clients/${id}`)
  return (body as { metadata: Record<string, unknown> }).metadata
}
