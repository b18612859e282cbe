import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import type { CookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, obtainCode, read, redeem, submit } from './client.ts'

const HOME = 'http://localhost:8080/'
const BROWSER = { accept: 'text/html' }
const LONG_AGO = 1_000_000_000

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

async function signedIn(fields: Record<string, string> = {}) {
  const { code, verifier, jar } = await obtainCode(server.url, fields)
  const { body } = await read(redeem(server.url, code, verifier))
  return { jar, hint: String(body.id_token), kid: String(decode(body.id_token).header.kid) }
}

async function signOut(jar: CookieJar, fields: Record<string, string>) {
  const answer = await jar.fetch(`${server.url}/logout?${new URLSearchParams(fields)}`, { headers: BROWSER })
  return jar.follow(answer, { stopAt: HOME })
}

async function publishedKids(): Promise<string[]> {
  const { body } = await read(fetch(`${server.url}/jwks`))
  return (body.keys as { kid: string }[]).map(({ kid }) => kid)
}

async function rotate() {
  const { status } = await ask(server, OWNER, 'POST', '/v1/keys/rotate', { force: true })
  expect(status).toBe(200)
}

/** Lets a retired key be as old as one that nothing needs any more; the schedule then removes it. */
async function letGo(kid: string): Promise<void> {
  const directory = server.config.KEYS_URL.replace(/^file:/, '')
  const name = readdirSync(directory).find((file) => file === `${kid}.json`) ?? ''
  const document = JSON.parse(readFileSync(join(directory, name), 'utf8'))
  expect(document.state).toBe('retired')
  writeFileSync(join(directory, name), JSON.stringify({ ...document, since: LONG_AGO }))
  await waitFor(async () => !(await publishedKids()).includes(kid), { what: 'the retired key to be removed' })
}

describe('an ID token is good as a hint for a sign-out', () => {
  test('when its key was retired, and when it was removed from the published set', async () => {
    const first = await signedIn()
    const second = await signedIn()
    await rotate()
    await rotate()
    const request = { id_token_hint: first.hint, post_logout_redirect_uri: HOME, state: 'bye' }
    expect(await publishedKids()).toContain(first.kid)
    expect((await signOut(first.jar, request)).url).toBe(`${HOME}?state=bye`)

    await letGo(second.kid)
    const removed = { ...request, id_token_hint: second.hint }
    expect((await signOut(second.jar, removed)).url).toBe(`${HOME}?state=bye`)
    const restarted = await signedIn()
    expect(restarted.kid).not.toBe(second.kid)
  })

  test('but not when its key was revoked, or it was changed, or is another client’s', async () => {
    const { jar, hint, kid } = await signedIn()
    await rotate()
    await letGo(kid)
    const [header, payload = '', signature] = hint.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...claims, aud: 'third-party-app' })).toString('base64url')
    for (const id_token_hint of [
      [header, changed, signature].join('.'),
      [header, payload, signature?.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))].join('.'),
    ]) {
      expect((await signOut(jar, { id_token_hint })).response.status).toBe(400)
    }
    expect((await signOut(jar, { id_token_hint: hint, client_id: 'third-party-app' })).response.status).toBe(400)

    const revoked = await signedIn()
    const { status } = await ask(server, OWNER, 'POST', `/v1/keys/${revoked.kid}/revoke`, {})
    expect(status).toBe(200)
    expect((await signOut(revoked.jar, { id_token_hint: revoked.hint })).response.status).toBe(400)
  })
})

describe('no sign-out ends in a page without a way out', () => {
  /** Those of the page's own part: the shop's name above it and the foot below are on every page. */
  const links = (html: string) => {
    const own = /<main\b.*<\/main>/s.exec(html)?.[0] ?? ''
    return [...own.matchAll(/<a\b[^>]*href="([^"]*)"/g)].map(([, address = '']) => address.replaceAll('&amp;', '&'))
  }

  test('a sign-out that a client asked for without an address to go to leads to the client', async () => {
    for (const fields of [{ client_id: 'frontend' }, 'hint'] as const) {
      const { jar, hint } = await signedIn()
      const asked = fields === 'hint' ? { id_token_hint: hint } : fields
      const done = await submit(jar, await signOut(jar, asked), { logout: 'yes' })
      expect(links(await done.response.text())).toEqual([HOME, '/account'])
    }
  })

  test.each([
    ['a hint that is garbage', { id_token_hint: 'garbage', client_id: 'frontend' }, [HOME, '/account', '/logout']],
    ['a hint of nobody', { id_token_hint: 'e30.e30.e30' }, ['/account', '/logout']],
    ['an unknown client', { client_id: 'nobody' }, ['/account', '/logout']],
    [
      'an address of another',
      { client_id: 'frontend', post_logout_redirect_uri: 'https://x.example/' },
      [HOME, '/account', '/logout'],
    ],
    ['an address without a home', { client_id: 'device-app', post_logout_redirect_uri: HOME }, ['/account', '/logout']],
  ])('one with %s leads to the client where it is known, and to a sign-out that works', async (_, fields, expected) => {
    const { jar } = await signedIn()
    const page = await signOut(jar, fields)
    expect(page.response.status).toBe(400)
    const html = await page.response.text()
    expect(links(html)).toEqual(expected)
    const again = await jar.follow(await jar.fetch(new URL('/logout', server.url)))
    expect((await submit(jar, again, { logout: 'yes' })).url).toBe(`${server.url}/logout/success`)
  })

  test('one with an expired form leads to a new one', async () => {
    const { jar } = await signedIn()
    await signOut(jar, { client_id: 'frontend' })
    const body = new URLSearchParams({ logout: 'yes', xsrf: 'forged' })
    const answer = await jar.fetch(`${server.url}/logout/confirm`, { method: 'POST', body, headers: BROWSER })
    expect(links(await answer.text())).toEqual(['/account', '/logout'])
  })

  test('one without any client says what to do next', async () => {
    const { jar } = await signedIn()
    const done = await submit(jar, await signOut(jar, {}), { logout: 'yes' })
    expect(await done.response.text()).toContain('go back to the shop')
  })

  test('the address of a client is a link only where it is safe', async () => {
    const metadata = {
      client_id: 'odd-home',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['https://odd.example/cb'],
      response_types: ['code'],
      client_uri: 'http://odd.example/',
      resource_scopes: [],
    }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata })).status).toBe(201)
    const { jar } = await signedIn()
    const done = await submit(jar, await signOut(jar, { client_id: 'odd-home' }), { logout: 'yes' })
    expect(links(await done.response.text())).toEqual(['/account'])
  })
})
