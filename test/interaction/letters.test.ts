import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { LetterKind } from '../../src/customers/recovery/recovery-letters.ts'
import { createLetters } from '../../src/interaction/letters.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const kinds: readonly LetterKind[] = ['recovery', 'password-changed', 'unblock', 'confirmation', 'account-exists']
const locales = fileURLToPath(new URL('../../views/locales', import.meta.url))
const languages = readdirSync(locales).map((file) => file.replace('.json', ''))
const hostile = `"><img src=x onerror=alert(1)>'</a>`
const letter = { to: 'sonia@spryker.com', path: '/recovery/new', token: 'A'.repeat(43), ttlSeconds: 1800 }
const write = createLetters({ issuer: 'https://id.example/shop' })

describe.each(languages)('in %s', (language) => {
  test.each(kinds)('the %s letter is complete, as text and as HTML', (kind) => {
    const { subject, text, html = '' } = write({ ...letter, kind, languages: [language] })
    const url = `https://id.example/shop/recovery/new?token=${letter.token}&ui_locales=${language}`
    for (const part of [subject, text, html]) expect(part).not.toMatch(/undefined|mail\.|\{\w+\}/)
    expect(subject).toContain('Vestibule')
    expect(text.split('\n')).toContain(url)
    expect(html).toContain(`href="${url.replace('&', '&amp;')}"`)
    expect(html).toContain(`<html lang="${language}"`)
    const texts = JSON.parse(readFileSync(join(locales, `${language}.json`), 'utf8')) as Record<string, string>
    for (const part of ['subject', 'lead', 'button', 'hint']) expect(texts[`mail.${kind}.${part}`]).toBeTruthy()
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
    'Sign in to Vestibule again',
  )
})

test('a shop replaces one letter with its own and keeps the others', () => {
  const viewsDirectory = temporaryDirectory('views')
  mkdirSync(join(viewsDirectory, 'mails'))
  writeFileSync(join(viewsDirectory, 'mails', 'unblock.text.eta'), 'Ours: <%= it.button.url %>')
  const own = createLetters({ issuer: 'https://id.example', viewsDirectory, shop: { name: 'Nordwind' } })
  expect(own({ ...letter, kind: 'unblock', languages: [] }).text).toMatch(/^Ours: https:\/\/id\.example\/recovery/)
  expect(own({ ...letter, kind: 'recovery', languages: [] }).text).toMatch(/Nordwind$/)
})
