import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LETTER_KINDS } from '../../src/customers/recovery/recovery-letters.ts'
import { makeAsset } from '../../src/http/assets.ts'
import { createLetters } from '../../src/interaction/letters.ts'
import { OWN_VIEWS } from '../../src/interaction/pages.ts'
import { sampleLetters } from '../../src/interaction/preview/sample-letters.ts'

const languages = readdirSync(join(OWN_VIEWS, 'locales')).map((file) => file.replace('.json', ''))
/** Half of what Gmail shows before it cuts a mail off. */
const LIMIT_BYTES = 51 * 1024
/** Their sentence goes on after the comma of a greeting. */
const GOES_ON: ReadonlySet<string> = new Set(['de', 'it', 'cs'])
const HELP = 'https://acme.example/help'

const writeLetter = createLetters({
  issuer: 'https://id.example',
  brand: {
    name: 'Acme Shop',
    color: '#7a1fa2',
    logo: { asset: makeAsset(Buffer.from('picture'), 'image/png'), ending: 'png', width: 120, height: 40 },
    links: { support: HELP },
  },
})

test('every kind of letter has texts, and there are no texts of others', () => {
  const texts = JSON.parse(readFileSync(join(OWN_VIEWS, 'locales', 'en.json'), 'utf8')) as Record<string, string>
  const kinds = Object.keys(texts).flatMap((key) => /^mail\.(.+)\.subject$/.exec(key)?.[1] ?? [])
  expect(kinds.sort()).toEqual([...LETTER_KINDS].sort())
})

describe.each(languages)('in %s', (language) => {
  const letters = sampleLetters(language).map((letter) => ({ kind: letter.kind, mail: writeLetter(letter) }))

  test.each(letters)('$kind says the same in both parts, whose it is and where help is', ({ mail }) => {
    const { subject, text, html = '' } = mail
    expect(subject.trim()).not.toBe('')
    const read = [subject, text, html.replaceAll(/<style>.*?<\/style>/gs, '')]
    for (const part of read) expect(part).not.toMatch(/\{\w+\}|<%|\bundefined\b|\bnull\b|mail\.[a-z-]+\.[a-z]+/)
    for (const part of [text, html]) for (const said of ['Acme Shop', HELP]) expect(part).toContain(said)
    expect(linksOf(html)).toEqual(linksOf(text))
  })

  test.each(letters)('$kind goes on after the comma of its greeting as the language does', ({ mail }) => {
    const first = /,\n\n+(.)/.exec(mail.text)?.[1] ?? ''
    const pronoun = language === 'de' && /,\n\n+(?:Ihr|Sie)\b/.test(mail.text)
    if (GOES_ON.has(language) && !pronoun) expect(first).toMatch(/\p{Ll}/u)
  })

  test.each(letters)('$kind is laid out by tables, in its direction, small, and loads only the logo', ({ mail }) => {
    const { html = '', text } = mail
    const direction = language === 'ar' ? 'rtl' : 'ltr'
    expect(html).toContain(`<html lang="${language}" dir="${direction}"`)
    expect(html).toContain(`<table role="presentation" class="ground" dir="${direction}" lang="${language}"`)
    expect(html).toContain('<!--[if mso]><table role="presentation" width="600"')
    for (const name of ['color-scheme', 'supported-color-schemes'])
      expect(html).toContain(`<meta name="${name}" content="light dark">`)
    expect(html).not.toMatch(/<(link|script|iframe|form|base)\b|url\(|@import|display:\s*(flex|grid)|position:/i)
    expect(html.match(/<img\b[^>]*>/g)).toEqual([
      expect.stringMatching(/src="https:\/\/id\.example\/assets\/logo\.[^"]+" width="120" height="40" alt="Acme Shop"/),
    ])
    expect(Buffer.byteLength(html) + Buffer.byteLength(text)).toBeLessThan(LIMIT_BYTES)
  })
})

/** Where a part of a mail leads, each address once. */
function linksOf(part: string): string[] {
  const addresses = part.replaceAll('&amp;', '&').match(/(?:https:\/\/|mailto:)[^\s"<>]+/g) ?? []
  return [...new Set(addresses.filter((address) => !address.includes('/assets/')))].sort()
}
