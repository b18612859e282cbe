import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type ConsoleOperator, createConsoleOperator, signInToConsole } from './console-operator.ts'

const TOKEN = 'an-admin-token-for-tests'
const PAGES = [
  '/console/',
  '/console/keys',
  '/console/clients',
  '/console/clients/frontend',
  '/console/customers',
  '/console/customers/DE--21',
  '/console/tokens',
  '/console/support-access',
  '/console/mandates',
  '/console/lockouts',
  '/console/outbox',
  '/console/outbox/messages',
  '/console/audit',
  '/console/dialects',
  '/console/issuers',
  '/console/client-documents',
]
let server: TestServer
let operator: ConsoleOperator

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN })
  operator = await signInToConsole(server, TOKEN)
})
afterAll(() => server.stop())

describe('the way in', () => {
  test('a browser at the admin port is led to the console, a program is not', async () => {
    const browser = createConsoleOperator(server)
    expect((await browser.get('/', { Accept: 'text/html' })).url).toBe(`${server.adminUrl}/console/sign-in`)
    expect((await browser.get('/', { Accept: 'application/json' })).status).toBe(404)
  })

  test('nobody who is not signed in sees a page, and after the sign-in they are where they wanted to go', async () => {
    const browser = createConsoleOperator(server)
    const demanded = await browser.get('/console/clients/frontend')
    expect(demanded.url).toContain('/console/sign-in?to=%2Fconsole%2Fclients%2Ffrontend')
    expect(demanded.html).not.toContain('localhost:8080')
    const to = '/console/clients/frontend'
    const shown = await browser.submit('/console/sign-in', { way: 'token', token: TOKEN, to })
    expect(shown.url).toBe(`${server.adminUrl}${to}`)
  })

  test.each(['https://evil.example/', '//evil.example/', '/console/\\evil', '/v1/keys', 'javascript:alert(1)'])(
    'a sign-in never leads to %s',
    async (to) => {
      const browser = createConsoleOperator(server)
      const shown = await browser.submit('/console/sign-in', { way: 'token', token: TOKEN, to })
      expect(shown.url).toBe(`${server.adminUrl}/console/`)
    },
  )

  test.each([
    ['a wrong token', { way: 'token', token: 'another-admin-token' }, 401, 'This admin token is wrong or expired.'],
    ['no token', { way: 'token', token: ' ' }, 422, 'Paste an admin token.'],
    ['no password', { way: 'password', email: 'ops@example.com', password: '' }, 422, 'Enter your e-mail address'],
    [
      'an unknown administrator',
      { way: 'password', email: 'nobody@example.com', password: 'x' },
      401,
      'Wrong e-mail address',
    ],
  ])('%s is refused in place', async (_case, fields, status, said) => {
    const shown = await createConsoleOperator(server).submit('/console/sign-in', fields)
    expect(shown.status).toBe(status)
    expect(shown.html).toContain(said)
  })

  test('signing out ends the session on the server, not only in the browser', async () => {
    const leaving = await signInToConsole(server, TOKEN)
    const cookie = `vestibule.console=${leaving.cookie()}`
    expect((await createConsoleOperator(server).get('/console/keys', { cookie })).url).toMatch(/\/console\/keys$/)
    await leaving.submit('/console/', {}, '/console/sign-out')
    expect(leaving.cookie()).toBeUndefined()
    expect((await createConsoleOperator(server).get('/console/keys', { cookie })).url).toContain('/console/sign-in')
  })

  test('a sign-in takes a new name for the session, so that one planted before is worth nothing', async () => {
    const planted = createConsoleOperator(server)
    const before = `vestibule.console=${'a'.repeat(43)}`
    await planted.get('/console/sign-in', { cookie: before })
    await planted.submit('/console/sign-in', { way: 'token', token: TOKEN })
    expect(planted.cookie()).toMatch(/^[\w-]{43}$/)
    expect(planted.cookie()).not.toBe('a'.repeat(43))
  })
})

describe('the session cookie', () => {
  const setCookies = async (headers: Record<string, string>) => {
    const page = await fetch(`${server.adminUrl}/console/sign-in`, { headers })
    const formCookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? ''
    const answer = await fetch(`${server.adminUrl}/console/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, cookie: formCookie },
      body: new URLSearchParams({ csrf, way: 'token', token: TOKEN }),
    })
    return answer.headers.getSetCookie().find((cookie) => cookie.includes('vestibule.console='))
  }

  test('no script, no other site and no page outside of the console gets it', async () => {
    expect(await setCookies({})).toMatch(/^vestibule\.console=[\w-]{43}; path=\/console; samesite=strict; httponly$/)
  })

  test('behind TLS it is for TLS only, and no subdomain can set it', async () => {
    const cookie = await setCookies({ 'X-Forwarded-Proto': 'https' })
    expect(cookie).toMatch(/^__Host-vestibule\.console=[\w-]{43}; path=\/; samesite=strict; secure; httponly$/)
  })
})

describe('every page', () => {
  test.each(PAGES)('%s runs no script, is not framed, stored, sniffed or sent elsewhere', async (page) => {
    const { status, headers, html } = await operator.get(page)
    expect(status).toBe(200)
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/i)
    expect(html).not.toContain(TOKEN)
  })

  test('an address that is not there, and one that the API does not know, are pages that say so', async () => {
    for (const [path, heading] of [
      ['/console/nothing', 'There is no such page'],
      ['/console/clients/nobody', 'Not found'],
      ['/console/customers/nobody', 'Not found'],
      ['/console/keys/some-kid/eat', 'Not found'],
    ] as const) {
      const { status, html } = await operator.get(path)
      expect(status, path).toBe(404)
      expect(html).toContain(`<h1>${heading}</h1>`)
    }
  })

  test('the stylesheet is kept by browsers for as long as it stays the same', async () => {
    const { html } = await operator.get('/console/')
    const style = /href="(\/console\/assets\/console\.[^"]+\.css)"/.exec(html)?.[1] ?? ''
    const { status, headers } = await createConsoleOperator(server).get(style)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toContain('immutable')
  })
})

describe('the overview', () => {
  test('says in its first lines that nothing needs attention, over figures of every part', async () => {
    const { html } = await operator.get('/console/')
    expect(html).toContain('Nothing needs your attention')
    expect(html).not.toContain('could not be read')
    for (const part of ['database', 'storage', 'keys', 'version', 'next rotation', 'refresh tokens reused']) {
      expect(html).toContain(part)
    }
  })

  test('counts what just happened, and says when somebody seems to guess', async () => {
    const form = { grant_type: 'password', client_id: 'frontend', username: 'sonia@spryker.com' }
    for (let count = 0; count < 20; count++) {
      await postForm(`${server.url}/token`, { ...form, username: `nobody-${count}@example.com`, password: 'wrong' })
    }
    const { html } = await operator.get('/console/')
    expect(html).toMatch(/>refused<\/a><\/dt><dd>20</)
    expect(html).toMatch(/One thing needs\s+your attention/)
    expect(html).toContain('20 logins were refused')
  })

  test('refreshes itself only for those who ask for it', async () => {
    expect((await operator.get('/console/')).headers.get('refresh')).toBeNull()
    expect((await operator.get('/console/?watch')).headers.get('refresh')).toBe('30')
  })
})

describe('forms', () => {
  const disable = '/console/clients/device-app/disable'

  test.each([
    ['without a token', async () => ({})],
    [
      'with a token of the sign-in page',
      async () => ({ csrf: await createConsoleOperator(server).formToken('/console/sign-in') }),
    ],
    [
      'with a token of another session',
      async () => ({ csrf: await (await signInToConsole(server, TOKEN)).formToken() }),
    ],
  ])('a form %s changes nothing', async (_case, fields) => {
    const shown = await operator.post(disable, await fields())
    expect(shown.status).toBe(403)
    expect(shown.html).toContain('The form is out of date')
    expect((await operator.get('/console/clients/device-app')).html).toContain('>enabled<')
  })

  test.each([
    ['Origin', 'https://evil.example'],
    ['Sec-Fetch-Site', 'cross-site'],
    ['Sec-Fetch-Site', 'same-site'],
  ])('a form from another site (%s: %s) changes nothing, right token or not', async (name, value) => {
    const csrf = await operator.formToken(disable)
    expect((await operator.post(disable, { csrf }, { [name]: value })).status).toBe(403)
  })

  test('an act ends in a 303, so that a reload does not repeat it', async () => {
    const disabled = await operator.submit(disable)
    expect(disabled.url).toBe(`${server.adminUrl}/console/clients/device-app?done=client-disabled`)
    expect(disabled.html).toContain('>disabled<')
    expect(
      (await operator.submit('/console/clients/device-app', {}, '/console/clients/device-app/enable')).html,
    ).toContain('>enabled<')
  })
})
