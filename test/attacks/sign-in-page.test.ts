import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { northwind, type PageServer, startPageServer } from '../interaction/page-server.ts'
import { createCookieJar } from '../support/cookie-jar.ts'

let server: PageServer
let addressFirst: PageServer
beforeAll(async () => {
  server = await startPageServer()
  addressFirst = await startPageServer({ offers: { identifierFirst: true, recovery: true } })
  server.add(northwind)
  server.add({ ...northwind, uid: 'english', uiLocales: ['en'] })
})
afterAll(async () => {
  await server.stop()
  await addressFirst.stop()
})

describe('the choice of a language', () => {
  const choose = (fields: Record<string, string> | [string, string][], headers: Record<string, string> = {}) =>
    fetch(`${server.origin}/language`, {
      method: 'POST',
      redirect: 'manual',
      headers: { Origin: server.origin, ...headers },
      body: new URLSearchParams(fields),
    })
  const languageOf = async (uid: string, cookie: string) => {
    const answer = await fetch(`${server.origin}/interaction/${uid}`, { headers: { Cookie: cookie } })
    return answer.headers.get('content-language')
  }

  test('is kept in the browser, beats what the client asked for, and goes on in the interaction', async () => {
    const answer = await choose({ language: 'de', to: '/interaction/english' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/interaction/english'])
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^vestibule\.language=de; path=\/; expires=[^;]+; samesite=lax; httponly$/i)
    expect(await languageOf('english', cookie.split(';')[0] ?? '')).toBe('de')
  })

  test.each([
    'xx',
    '',
    'de; Domain=evil.example',
    'de\r\nSet-Cookie: a=b',
    '"><script>',
    '__proto__',
    'de'.repeat(3000),
  ])('of %j sets no cookie', async (language) => {
    const answer = await choose({ language, to: '/' })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  test('by another site sets no cookie', async () => {
    for (const [name, value] of [
      ['Origin', 'https://evil.example'],
      ['Sec-Fetch-Site', 'cross-site'],
    ] as const)
      expect((await choose({ language: 'de', to: '/' }, { [name]: value })).headers.get('set-cookie')).toBeNull()
  })

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    'javascript:alert(1)',
    'evil.example',
    '',
  ])('leads to no other site by %j', async (to) => {
    const answer = await choose({ language: 'de', to })
    expect(answer.headers.get('location')).toBe('/')
  })

  test.each([
    [
      'doubled',
      [
        ['language', 'de'],
        ['language', 'fr'],
      ] as [string, string][],
    ],
    ['too large', { language: 'de', to: 'x'.repeat(20_000) }],
  ])('in a form that is %s changes nothing', async (_kind, fields) => {
    const answer = await choose(fields)
    expect([400, 413]).toContain(answer.status)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  test.each(['xx', 'de"><script>', '../../etc/passwd', 'constructor', 'DE;fr', 'a'.repeat(500)])(
    'that a forged cookie makes as %j is ignored',
    async (value) => {
      expect(await languageOf('english', `vestibule.language=${value}`)).toBe('en')
    },
  )

  test('is not offered where the address of the page holds a secret', async () => {
    const page = await (await fetch(`${server.origin}/interaction/english`)).text()
    expect(page).toContain('action="/language"')
    const lost = await (await fetch(`${server.origin}/interaction/gone`)).text()
    expect(lost).not.toContain('action="/language"')
  })
})

describe('an address that is asked for first', () => {
  let count = 0

  /** A sign-in in a browser of its own. */
  async function begin(loginHint?: string) {
    const uid = `first${++count}`
    addressFirst.add({ ...northwind, uid, ...(loginHint && { loginHint }) })
    const jar = createCookieJar()
    const path = `${addressFirst.origin}/interaction/${uid}`
    const opened = await (await jar.fetch(path)).text()
    const csrf = /name="csrf" value="([^"]+)"/.exec(opened)?.[1] ?? ''
    const submit = async (step: string, fields: Record<string, string>, headers = {}) => {
      const answer = await jar.fetch(`${path}/${step}`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ csrf, ...fields }),
        headers: { Origin: addressFirst.origin, ...headers },
      })
      return { status: answer.status, location: answer.headers.get('location'), html: await answer.text() }
    }
    const open = async (query: string) => (await jar.fetch(`${path}${query}`)).text()
    /** A page without what differs by sign-in. */
    const plain = (html: string, login: string) =>
      html
        .replaceAll(login, 'LOGIN')
        .replaceAll(uid, 'UID')
        .replace(/name="csrf" value="[^"]+"/g, '')
    return { opened, submit, open, plain }
  }

  test('is asked for without a password, then comes with a way to another account, and the password signs in', async () => {
    const { opened, submit, open } = await begin()
    expect(opened).not.toContain('type="password"')
    const page = await submit('identifier', { login: ' sonia@spryker.com ' })
    expect(page.html).toMatch(/<input id="login"[^>]* value="sonia@spryker.com" readonly/)
    expect(page.html).toMatch(/<input id="password"[^>]* autofocus/)
    const other = /href="[^"]*(\?page=login[^"]+)">Not you\?/.exec(page.html)?.[1]?.replace('&amp;', '&') ?? ''
    expect(await open(other)).toMatch(/<input id="login"[^>]* value=""/)
    const wrong = await submit('login', { login: 'sonia@spryker.com', password: 'wrong' })
    expect([wrong.status, wrong.html.includes('readonly')]).toEqual([422, true])
    const right = await submit('login', { login: 'sonia@spryker.com', password: 'change123' })
    expect([right.status, right.location]).toEqual([303, addressFirst.target.callback])
  })

  test('is not asked for where the client named it, and can be changed', async () => {
    const { opened, open } = await begin('sonia@spryker.com')
    expect(opened).toMatch(/<input id="login"[^>]* value="sonia@spryker.com" readonly/)
    expect(await open('?page=login&as=another')).toMatch(/<input id="login"[^>]* value=""/)
  })

  test('leads to the same page whether there is such an account, it is locked, or is no address at all', async () => {
    const shown = []
    for (const login of [
      'sonia@spryker.com',
      'stranger@example.com',
      'locked@example.com',
      'unconfirmed@example.com',
      'no-address',
    ]) {
      const { submit, plain } = await begin()
      const { status, html } = await submit('identifier', { login })
      shown.push([status, plain(html, login)])
    }
    for (const page of shown) expect(page).toEqual(shown[0])
  })

  test.each([
    ['missing', {}, 422],
    ['empty', { login: '  ' }, 422],
    ['without our token', { login: 'sonia@spryker.com', csrf: 'forged' }, 403],
    ['oversized', { login: 'x'.repeat(20_000) }, 413],
  ] as const)('that is %s gets a clear page and no password field', async (_kind, fields, status) => {
    const { submit } = await begin()
    const answer = await submit('identifier', fields)
    expect(answer.status).toBe(status)
    expect(answer.html).not.toContain('type="password"')
  })

  test.each([
    ['sam@xn--mller-kva.example', 'sam@müller.example'],
    ['sam@müller.example', 'sam@müller.example'],
    ['sam@xn--a.example', 'sam@xn--a.example'],
    ['sam@example.com', 'sam@example.com'],
  ])('%s is shown as %s', async (login, shown) => {
    const { submit } = await begin()
    const { html } = await submit('identifier', { login })
    expect(html).toContain(`value="${shown}" readonly`)
  })

  test('comes out encoded', async () => {
    const { submit } = await begin()
    const { html } = await submit('identifier', { login: '"><img src=x onerror=alert(1)>' })
    expect(html).not.toContain('<img src=x')
  })

  test('has no form of its own where both are asked for at once', async () => {
    const answer = await fetch(`${server.origin}/interaction/uid-login/identifier`, { method: 'POST' })
    expect([404, 405]).toContain(answer.status)
  })
})
