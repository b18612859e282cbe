import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SECURITY_PROFILES } from '../../src/clients/security-profile.ts'
import { decode, signIn, sonia, submit } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startPageServer } from './page-server.ts'
import { blocksOf } from './page-walk.ts'

const PAGE = 'docs/how-to/high-security-clients.md'
const CALLBACK = 'https://bank.example/callback'
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer({ DPOP_NONCES: 'required' })
  vi.stubEnv('ISSUER', shop.server.url)
})
afterAll(async () => {
  await shop?.stop()
  vi.unstubAllEnvs()
})

type Begun = { readonly url: URL; readonly checks: object }
type SignIn = {
  begin(): Promise<Begun>
  end(callback: URL, checks: object): Promise<{ tokens: Record<string, string>; person: Record<string, unknown> }>
}

test('the client of the page signs a person in with signed requests, signed answers, DPoP and nonces', async () => {
  const walk = shop.walk(PAGE)
  expect(await walk.next('fapi2-security')).toContain('bank is registered')
  const weaker = await walk.next('weaker.json')
  expect(weaker).toMatch(/^refused$/m)
  expect(weaker).toMatch(/dpop_bound_access_tokens: breaks security_profile/)
  expect(await walk.next('signing.json')).toContain('bank is changed')
  walk.end()

  symlinkSync(NODE_MODULES, join(walk.directory, 'node_modules'))
  const [source = ''] = blocksOf(PAGE, 'js')
  writeFileSync(join(walk.directory, 'sign-in.mjs'), source)
  const client = (await import(pathToFileURL(join(walk.directory, 'sign-in.mjs')).href)) as SignIn
  const { url, checks } = await client.begin()
  expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])

  const jar = createCookieJar()
  const login = await jar.follow(await jar.fetch(url), { stopAt: CALLBACK })
  let page = await signIn(jar, login, sonia, CALLBACK)
  if (!page.url.startsWith(CALLBACK)) page = await submit(jar, page, { decision: 'allow' }, CALLBACK)
  const { tokens, person } = await client.end(new URL(page.url), checks)
  expect(tokens.token_type?.toLowerCase()).toBe('dpop')
  expect(decode(String(tokens.access_token)).payload).toHaveProperty('cnf.jkt')
  expect(person).toMatchObject({ email: 'sonia@spryker.com' })
})

test('the page has a line for every profile', () => {
  for (const profile of SECURITY_PROFILES) expect(textOf()).toContain(`| \`${profile}\` |`)
})

function textOf(): string {
  return readFileSync(fileURLToPath(new URL(`../../${PAGE}`, import.meta.url)), 'utf8')
}
