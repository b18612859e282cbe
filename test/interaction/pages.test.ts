import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asset, hashedName } from '../../src/http/assets.ts'
import { plainBrand } from '../../src/interaction/brand/brand.ts'
import { createPages } from '../../src/interaction/pages.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { northwind, type PageServer, startPageServer } from './page-server.ts'

const views = fileURLToPath(new URL('../../views', import.meta.url))
const templates = ['', 'account/'].flatMap((folder) =>
  readdirSync(join(views, folder))
    .filter((file) => file.endsWith('.eta'))
    .map((file) => folder + file),
)
const locale = (tag: string) => JSON.parse(readFileSync(join(views, 'locales', `${tag}.json`), 'utf8')) as object
const hostile = `"><img src=x onerror=alert(1)>'</script>`

let server: PageServer
beforeAll(async () => {
  server = await startPageServer()
})
afterAll(() => server.stop())

async function show(interaction: typeof northwind, headers: Record<string, string> = {}) {
  server.add(interaction)
  const answer = await fetch(`${server.origin}/interaction/${interaction.uid}`, { headers })
  return { html: await answer.text(), headers: answer.headers }
}

test('every language has exactly the texts of English, with the same places for values', () => {
  const placeholders = (texts: object) =>
    Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [
        key,
        String(text)
          .match(/\{\w+\}/g)
          ?.sort() ?? [],
      ]),
    )
  const english = Object.keys(locale('en')).sort()
  for (const file of readdirSync(join(views, 'locales'))) {
    const texts = locale(file.replace('.json', ''))
    expect(Object.keys(texts).sort()).toEqual(english)
    for (const [key, names] of Object.entries(placeholders(texts))) {
      // A language may word a sentence without the client's name, but has no value that English does not give.
      for (const name of names) expect(placeholders(locale('en'))[key]).toContain(name)
    }
  }
})

test('every text that a template names exists', () => {
  const texts = locale('en')
  const named = templates.flatMap((file) =>
    [...readFileSync(join(views, file), 'utf8').matchAll(/it\.t\('([\w.-]+)'[,)]/g)].map(([, key]) => key as string),
  )
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((key) => !Object.hasOwn(texts, key))).toEqual([])
})

test('templates write nothing unescaped but their own parts', () => {
  for (const file of templates) {
    const raw = readFileSync(join(views, file), 'utf8').match(/<%~.*?%>/g) ?? []
    expect(
      raw.filter(
        (tag) =>
          !/^<%~ (it\.body|include\('@[\w/-]+'(?: \+ (?:it\.)?section\.template)?, (?:it|\{ \.\.\.it, .*\})\)) %>$/.test(
            tag,
          ),
      ),
    ).toEqual([])
  }
})

test('templates carry no script but ours from its file, no inline style and no handler', () => {
  const ours = '<script src="<%= it.assets.script %>" integrity="<%= it.integrity %>" defer></script>'
  for (const file of templates) {
    const template = readFileSync(join(views, file), 'utf8').replace(file === 'layout.eta' ? ours : '', '')
    expect(template).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i)
  }
})

test('hostile client names, hints, scopes and claims come out encoded', async () => {
  const client = { ...northwind.client, name: hostile }
  const login = await show({ ...northwind, uid: 'hostile', client, loginHint: hostile })
  const scopes = [{ name: hostile }, { name: 'orders:read', description: { en: hostile } }]
  const requested = { scopes, claims: [hostile] }
  const consent = await show({ ...northwind, uid: 'hostile', prompt: 'consent', client, requested })
  for (const { html } of [login, consent]) {
    expect(html).not.toContain('<img src=x')
    expect(html.replace(/<script src="[^"]+" integrity="[^"]+" defer><\/script>/, '')).not.toContain('</script>')
    expect(html).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&lt;/script&gt;')
  }
})

test('a name cannot turn the direction of our sentence or fill the page', async () => {
  const name = `\u202Eevil\u2066\n${'long '.repeat(100)}`
  const { html } = await show({ ...northwind, uid: 'turned', client: { ...northwind.client, name } })
  expect(html).not.toMatch(/[\u202e\u2066]/)
  expect(html).toMatch(/to continue to evillong [^<]{100,120}…</)
})

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'http://shop.example/',
  'https://u:p@x/',
  '//x',
])('a client link to %s is not rendered', async (uri) => {
  const client = { ...northwind.client, logoUri: uri, policyUri: uri, tosUri: uri }
  const { html, headers } = await show({ ...northwind, uid: 'links', client })
  expect(html).not.toContain('client-logo')
  expect(html).not.toContain('class="links"')
  expect(headers.get('content-security-policy')).toContain("img-src 'self';")
})

test('a logo is shown, and allowed by the policy of that page alone', async () => {
  const client = { ...northwind.client, logoUri: 'https://cdn.example/logo.png' }
  const { html, headers } = await show({ ...northwind, uid: 'logo', client })
  expect(html).toContain('<img class="client-logo" src="https://cdn.example/logo.png" alt=""')
  expect(headers.get('content-security-policy')).toContain("img-src 'self' https://cdn.example;")
})

test('an empty field says what is missing beside it, besides the summary', async () => {
  server.add({ ...northwind, uid: 'empty' })
  const jar = createCookieJar()
  const path = `${server.origin}/interaction/empty`
  const csrf = /name="csrf" value="([^"]+)"/.exec(await (await jar.fetch(path)).text())?.[1] ?? ''
  const body = new URLSearchParams({ csrf, login: '', password: '' })
  const html = await (
    await jar.fetch(`${path}/login`, { method: 'POST', body, headers: { Origin: server.origin } })
  ).text()
  for (const field of ['login', 'password']) {
    expect(html).toMatch(new RegExp(`<input id="${field}"[^>]*aria-invalid="true" aria-describedby="${field}-error"`))
    expect(html).toMatch(new RegExp(`<p class="field-error" id="${field}-error">Enter your`))
    expect(html).toContain(`<a href="#${field}">`)
  }
  expect(html).toMatch(/<input id="login"[^>]* autofocus/)
})

test('pages are not framed, stored or sniffed; a form that may end at a client may go on from there', async () => {
  const { html, headers } = await show({ ...northwind, uid: 'headers' })
  const integrity = /<script src="[^"]+" integrity="(sha384-[^"]+)" defer>/.exec(html)?.[1]
  expect(headers.get('content-security-policy')).toBe(
    `default-src 'none'; script-src '${integrity}'; require-trusted-types-for 'script'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'`,
  )
  const device = await fetch(`${server.origin}/device`)
  expect(device.headers.get('content-security-policy')).toContain("form-action 'self';")
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('referrer-policy')).toBe('same-origin')
})

test.each([
  [['de-AT', 'en'], 'en', 'de'],
  [['fi', 'de'], 'en', 'de'],
  [[], 'de-CH,de;q=0.9,en;q=0.8', 'de'],
  [[], 'fi;q=0.9,en;q=0.8,de;q=0.7', 'en'],
  [['../../etc/passwd', '"><script>'], 'xx', 'en'],
  [[], '*', 'en'],
])('ui_locales %j and Accept-Language %s give %s', async (uiLocales, accepted, language) => {
  const { html, headers } = await show({ ...northwind, uid: 'language', uiLocales }, { 'accept-language': accepted })
  expect(html).toContain(`<html lang="${language}" dir="ltr">`)
  expect(headers.get('content-language')).toBe(language)
})

test('Arabic is read from right to left, and a name or address in a sentence keeps its own direction', async () => {
  const client = { ...northwind.client, name: '1@shop' }
  const { html, headers } = await show({ ...northwind, uid: 'arabic', client, uiLocales: ['ar-EG'] })
  expect(html).toContain('<html lang="ar" dir="rtl">')
  expect(headers.get('content-language')).toBe('ar')
  expect(html).toContain('\u20681@shop\u2069')
})

test('an error page names the code and the request, and encodes what came with them', async () => {
  const query = new URLSearchParams({ error: hostile, detail: hostile })
  const html = await (await fetch(`${server.origin}/error?${query}`)).text()
  expect(html).toContain('<dd>other</dd>')
  expect(html).toContain('5f0c1c5e-8b1f-4c56-9a61-2f3f5f0a7f11')
  expect(html).not.toContain('<img src=x')
})

test("the library's forms are drawn by us, with its hidden fields and on our own origin", async () => {
  const html = await (await fetch(`${server.origin}/device-wrong`)).text()
  expect(html).toContain('<form method="post" action="/device" novalidate>')
  expect(html).toContain('<input type="hidden" name="xsrf" value="secret">')
  expect(html).toMatch(/name="user_code"[^>]* value="ABC&quot;&gt;"/)
})

test('a directory of own views replaces single pages, texts and the stylesheet', () => {
  const own = mkdtempSync(join(tmpdir(), 'vestibule-views-'))
  try {
    writeFileSync(
      join(own, 'signed-out.eta'),
      "<% layout('@layout', { title: 'x' }) %><p>Bye from <%= it.clientName %></p>",
    )
    writeFileSync(join(own, 'style.css'), 'body { color: red }')
    const pages = createPages({ viewsDirectory: own, brand: plainBrand('Northwind & Sons'), publicPath: '/auth' })
    const sheet = pages.asset('style.css') as Asset // every brand has one
    const html = pages.render('signed-out', { clientName: 'N' }, 'en')
    expect(html).toContain('<p>Bye from N</p>')
    expect(html).toContain('Northwind &amp; Sons')
    expect(html).toContain(`/auth/assets/${hashedName('style.css', sheet)}`)
    expect(sheet.hash).not.toBe(server.pages.asset('style.css')?.hash)
    expect(sheet.content.toString()).toContain('body { color: red }')
    expect(pages.render('logout', { form: { action: '/', fields: {} } }, 'de')).toContain('Angemeldet bleiben')
  } finally {
    rmSync(own, { recursive: true })
  }
})
