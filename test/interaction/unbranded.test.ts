import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBranding } from '../../src/app/branding.ts'
import { readConfig } from '../../src/config.ts'
import { OWN_VIEWS } from '../../src/interaction/pages.ts'
import { sampleLetters } from '../../src/interaction/preview/sample-letters.ts'
import { SAMPLES } from '../../src/interaction/preview/samples.ts'
import { authorizationUrl, pkce } from '../endpoints/client.ts'
import { startHostedShop } from './hosted-shop.ts'

const { pages, writeLetter } = openBranding(
  readConfig({
    ISSUER: 'https://id.acme.example',
    BRAND_NAME: 'Acme Shop',
    BRAND_SUPPORT_URL: 'https://acme.example/help',
    BRAND_PRIVACY_URL: 'https://acme.example/privacy',
    BRAND_TERMS_URL: 'https://acme.example/terms',
    BRAND_IMPRINT_URL: 'https://acme.example/imprint',
  }),
  { warn: () => {} },
)

/** Names of cookies, parameters and the like are seen by programs only. */
const OURS = /vestibule/i
const HOLES = />[^<]*\b(undefined|null|NaN|\[object)\b[^<]*</

/** The source of each template in a folder of the views, by its name. */
function templatesIn(folder: string): Map<string, string> {
  const files = readdirSync(join(OWN_VIEWS, folder)).filter((file) => file.endsWith('.eta'))
  return new Map(
    files.map((file) => [file.slice(0, -'.eta'.length), readFileSync(join(OWN_VIEWS, folder, file), 'utf8')]),
  )
}

/** What a template takes in: its layout and its parts. */
function partsOf(source: string): string[] {
  return [...source.matchAll(/'@([\w/-]+)'/g)].map(([, part]) => part as string) // the expression has the one group
}

test('every page, and every part of the account, is in the preview, and is there once', () => {
  const [pageTemplates, accountTemplates] = [templatesIn('.'), templatesIn('account')]
  const included = new Set([...pageTemplates.values(), ...accountTemplates.values()].flatMap(partsOf))
  const shown = new Set<string>(
    SAMPLES.flatMap(({ page, view }) => {
      if (page === 'account') return [page, ...view.sections.map(({ template }) => `account/${template}`)]
      return page === 'account-form' ? [page, `account/${view.section.template}`] : [page]
    }),
  )
  const names = [...pageTemplates.keys(), ...[...accountTemplates.keys()].map((name) => `account/${name}`)]
  expect(names.filter((name) => !shown.has(name) && !included.has(name))).toEqual([])
  const states = SAMPLES.map(({ page, state }) => `${page} ${state}`)
  expect(states.filter((state, index) => states.indexOf(state) !== index)).toEqual([])
})

describe.each(pages.languages)('in %s', (language) => {
  test.each(SAMPLES.map((sample) => [`${sample.page} ${sample.state}`, sample] as const))(
    'the page %s has the name of the shop, its links and none of ours',
    (_, { page, view }) => {
      const html = pages.render(page, view, language)
      expect(html).not.toMatch(OURS)
      expect(html).not.toMatch(HOLES)
      expect(html.match(/<h1\b/g)).toHaveLength(1)
      expect(/<title>([^<]*)<\/title>/.exec(html)?.[1]).toMatch(/ · \u2068?Acme Shop\u2069?$/)
      for (const link of ['help', 'privacy', 'terms', 'imprint'])
        expect(html).toContain(`<li><a href="https://acme.example/${link}"`)
    },
  )

  test.each(sampleLetters('en').map(({ kind }) => kind))('the mail %s is in the name of the shop', (kind) => {
    const letter = sampleLetters(language).find((each) => each.kind === kind)
    const { subject, text, html = '' } = writeLetter(letter as NonNullable<typeof letter>) // one of its kinds
    for (const part of [subject, text, html]) expect(part).not.toMatch(OURS)
    for (const part of [text, html]) expect(part).toContain('Acme Shop')
  })
})

test('no page that a customer can reach on a server says our name', async () => {
  const shop = await startHostedShop({ BRAND_SUPPORT_URL: 'https://acme.example/help' })
  try {
    const visitor = shop.visitor({ accept: 'text/html' })
    await visitor.signIn(await shop.addCustomer())
    const asked = authorizationUrl(shop.server.url, {
      prompt: 'login',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    })
    const waiting = [
      '/',
      '/account',
      '/recovery',
      '/registration',
      '/device',
      '/logout',
      '/nothing',
      '/sent/recovery',
      '/done/confirmed',
      '/unblock',
      asked,
    ]
    const seen = new Set<string>()
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { html, url } = await visitor.open(next)
      if (seen.has(new URL(url).pathname)) continue
      seen.add(new URL(url).pathname)
      expect(textOf(html), url).not.toMatch(OURS)
      expect(html, url).toContain('https://acme.example/help')
      for (const [, address = ''] of html.matchAll(/<a\b[^>]*href="(\/[^"]*)"/g))
        waiting.push(address.replaceAll('&amp;', '&'))
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['/account', '/account/security', '/account/sessions', '/nothing']),
    )
  } finally {
    await shop.stop()
  }
})

/** What a person reads on a page, its title and descriptions included. */
function textOf(html: string): string {
  const descriptions = [...html.matchAll(/\s(?:alt|title|aria-label|placeholder)="([^"]*)"/g)].map(([, text]) => text)
  return [html.replaceAll(/<[^>]*>/g, ' '), ...descriptions].join(' ')
}
