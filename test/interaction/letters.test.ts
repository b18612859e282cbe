import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { LetterKind } from '../../src/customers/recovery/recovery-letters.ts'
import { makeAsset } from '../../src/http/assets.ts'
import { plainBrand } from '../../src/interaction/brand/brand.ts'
import { createLetters } from '../../src/interaction/letters.ts'
import { SAMPLE_VALUES } from '../../src/interaction/preview/sample-letters.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const locales = fileURLToPath(new URL('../../views/locales', import.meta.url))
const languages = readdirSync(locales).map((file) => file.replace('.json', ''))
const english = JSON.parse(readFileSync(join(locales, 'en.json'), 'utf8')) as Record<string, string>
// Each kind of letter has a subject.
const kinds = Object.keys(english).flatMap((key) => (/^mail\.(.+)\.subject$/.exec(key)?.[1] ?? []) as LetterKind | [])
const hasButton = (kind: LetterKind) => english[`mail.${kind}.button`] !== undefined
const hostile = `"><img src=x onerror=alert(1)>'</a>`
const letter = {
  to: 'sonia@spryker.com',
  path: '/recovery/new',
  token: 'A'.repeat(43),
  ttlSeconds: 1800,
  values: SAMPLE_VALUES,
}
const write = createLetters({ issuer: 'https://id.example/shop', brand: plainBrand('Acme Shop') })

describe.each(languages)('in %s', (language) => {
  test.each(kinds)('the %s letter is complete, as text and as HTML', (kind) => {
    const { path, ...plain } = letter
    const {
      subject,
      text,
      html = '',
    } = write({ ...plain, ...(hasButton(kind) && { path }), kind, languages: [language] })
    const url = `https://id.example/shop/recovery/new?token=${letter.token}&ui_locales=${language}`
    for (const part of [subject, text, html]) expect(part).not.toMatch(/undefined|mail\.[a-z]|\{\w+\}/)
    expect(subject).toContain('Acme Shop')
    expect(text.split('\n').includes(url)).toBe(hasButton(kind))
    expect(html.includes(`href="${url.replace('&', '&amp;')}"`)).toBe(hasButton(kind))
    expect(html).toContain(`<html lang="${language}"`)
    const texts = JSON.parse(readFileSync(join(locales, `${language}.json`), 'utf8')) as Record<string, string>
    const parts = ['subject', 'lead', 'hint', 'button'].filter((part) => english[`mail.${kind}.${part}`] !== undefined)
    for (const part of parts) expect(texts[`mail.${kind}.${part}`]).toBeTruthy()
  })
})

test('a name cannot bring mark-up, lines or another direction into a letter', () => {
  const givenName = `${hostile}\r\nBcc: x@example.com\u202e`
  const { subject, text, html = '' } = write({ ...letter, kind: 'recovery', languages: ['en'], givenName })
  expect(html).not.toContain('<img')
  expect(html).toContain('&lt;img src=x')
  expect(text.split('\n')[0]).toContain(hostile)
  for (const part of [subject, text, html]) expect(part).not.toMatch(/^Bcc|\u202e/m)
})

test('letters load nothing from elsewhere and run nothing', () => {
  for (const kind of kinds) {
    const { html = '' } = write({ ...letter, kind, languages: ['en'] })
    expect(html).not.toMatch(/<(img|script|link|iframe|form)\b|url\(|\son\w+=/i)
  }
})

test('a language there are no texts for is English', () => {
  expect(write({ ...letter, kind: 'unblock', languages: ['xx', '../../etc'] }).subject).toBe(
    'Sign in to Acme Shop again',
  )
})

test('a shop replaces one letter with its own and keeps the others', () => {
  const viewsDirectory = temporaryDirectory('views')
  mkdirSync(join(viewsDirectory, 'mails'))
  writeFileSync(join(viewsDirectory, 'mails', 'unblock.text.eta'), 'Ours: <%= it.button.url %>')
  const own = createLetters({ issuer: 'https://id.example', viewsDirectory, brand: plainBrand('Nordwind') })
  expect(own({ ...letter, kind: 'unblock', languages: [] }).text).toMatch(/^Ours: https:\/\/id\.example\/recovery/)
  expect(own({ ...letter, kind: 'recovery', languages: [] }).text).toContain('\nNordwind\n')
})

describe('every letter survives mail programs:', () => {
  const logo = { asset: makeAsset(Buffer.from('picture'), 'image/png'), ending: 'png', width: 120, height: 40 }
  const links = {
    support: 'mailto:help@acme.example',
    privacy: 'https://acme.example/privacy',
    imprint: 'https://acme.example/imprint',
  }
  const branded = createLetters({
    issuer: 'https://id.example/shop',
    brand: { name: 'Acme Shop', color: '#ffcc00', logo, links },
  })
  const { html = '', text } = branded({ ...letter, kind: 'recovery', languages: ['en'] })

  test('tables of 600 pixels with inline styles, one style block, and nothing that Outlook drops', () => {
    expect(html).toContain('<table role="presentation" width="600"')
    expect(html).toContain('max-width:600px')
    expect(html.match(/<style>/g)).toHaveLength(1)
    expect(html).not.toMatch(/display:\s*(flex|grid)|<div(?! style="display:none)|position:/)
    for (const table of html.match(/<table[^>]*>/g) ?? []) expect(table).toContain('role="presentation"')
    expect(Buffer.byteLength(html)).toBeLessThan(102 * 1024)
  })

  test('both colour schemes, the direction on the outer table, and a first line for the list of mails', () => {
    for (const name of ['color-scheme', 'supported-color-schemes'])
      expect(html).toContain(`<meta name="${name}" content="light dark">`)
    expect(html).toMatch(/<table role="presentation" class="ground" dir="ltr"/)
    expect(/<body[^>]*>\s*<div style="display:none[^>]*>([^&]+)/.exec(html)?.[1]).toContain(
      'request for a new password',
    )
  })

  test('the logo with its size and name, the colours, and the links of the shop, in both parts', () => {
    expect(html).toMatch(
      /<img src="https:\/\/id\.example\/shop\/assets\/logo\.[\w-]{16}\.png" width="120" height="40" alt="Acme Shop"/,
    )
    expect(html).toMatch(/class="button"[^>]*background-color:#ffcc00;color:#000000/)
    for (const link of Object.values(links)) for (const part of [html, text]) expect(part).toContain(link)
  })

  test('a logo that mail programs do not show is the name', () => {
    const drawing = { ...logo, asset: makeAsset(Buffer.from('<svg/>'), 'image/svg+xml'), ending: 'svg' }
    const own = createLetters({
      issuer: 'https://id.example',
      brand: { name: 'Acme Shop', color: '#ffcc00', logo: drawing, links },
    })
    expect(own({ ...letter, kind: 'recovery', languages: ['en'] }).html).not.toContain('<img')
  })
})
