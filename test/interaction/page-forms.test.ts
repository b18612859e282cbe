import { expect, test } from 'vitest'
import { openBranding } from '../../src/app/branding.ts'
import { readConfig } from '../../src/config.ts'
import { SAMPLES } from '../../src/interaction/preview/samples.ts'

const { pages } = openBranding(readConfig({ ISSUER: 'https://id.acme.example', BRAND_NAME: 'Acme Shop' }), {
  warn: () => {},
})

/** Every page in every state, in English and in a language that is written from right to left. */
const SHOWN = ['en', 'ar'].flatMap((language) =>
  SAMPLES.map(({ page, state, view }) => {
    const html = pages.render(page, view, language)
    return { name: [page, state].filter(Boolean).join(' '), page, language, html }
  }),
)
const named = SHOWN.map(({ name, language, ...rest }) => [name, language, rest] as const)

const tags = (html: string, pattern: RegExp) => html.match(pattern) ?? []
const inputs = (html: string) => tags(html, /<(?:input|select)\b(?![^>]*type="(?:hidden|checkbox)")[^>]*>/g)
const attribute = (tag: string, name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
const idsOf = (html: string) => [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)

test.each(named)('the form %s (%s) lets managers and people fill it in as they like', (_name, _language, { html }) => {
  expect(html).not.toMatch(/autocomplete="off"|\son(?:paste|copy|input|key\w+)=/)
  const ids = idsOf(html)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  for (const input of inputs(html)) {
    const [id, type, name] = ['id', 'type', 'name'].map((each) => attribute(input, each))
    expect(html, input).toContain(`<label for="${id}">`)
    // A typed password is never sent back.
    if (type === 'password') expect(attribute(input, 'value') ?? '', input).toBe('')
    // One field for the whole code, which telephones offer to fill in.
    if (name === 'code') expect(attribute(input, 'autocomplete')).toBe('one-time-code')
    const limit = type === 'search' ? '200' : '64'
    expect(attribute(input, 'maxlength') ?? limit).toBe(limit)
  }
  expect(tags(html, /<input\b[^>]*name="code"/g).length).toBeLessThanOrEqual(1)
})

test.each(named)(
  'a problem on the page %s (%s) is told in the title, in a summary and at the field',
  (_name, language, { html }) => {
    const problem = language === 'en' ? '<title>Problem: ' : '<title>مشكلة'
    const isProblem = html.includes('<div class="notice notice-problem" role="alert" id="problem">')
    expect(html.includes(problem)).toBe(isProblem)
    const ids = idsOf(html)
    const invalid = inputs(html).filter((input) => input.includes('aria-invalid="true"'))
    if (invalid.length > 0) expect(isProblem).toBe(true)
    for (const input of invalid) expect(attribute(input, 'aria-describedby'), input).toBeDefined()
    for (const described of tags(html, /<[^>]*\saria-describedby="[^"]+"[^>]*>/g))
      for (const id of attribute(described, 'aria-describedby')?.split(' ') ?? []) expect(ids, described).toContain(id)
    for (const [, id] of html.matchAll(/<a href="#([^"]+)"/g))
      expect(inputs(html).some((input) => attribute(input, 'id') === id && input.includes('aria-invalid="true"'))).toBe(
        true,
      )
  },
)

test.each(named)(
  'no tick on the page %s (%s) is in the frame of a field, which makes it as large',
  (_n, _l, { html }) => {
    for (const field of tags(html, /<div class="field">.*?<\/div>/gs)) expect(field).not.toContain('type="checkbox"')
  },
)

/** Pages that do the same at two places, or in two states. */
const SAME: Readonly<Record<string, string>> = {
  'account-form second-factor': 'second-factor-set-up',
  'account-form password': 'new-password',
  'account deletion-pending': 'account data',
}

/** How much a page lists is a state of it. */
const withoutSize = (name: string) => name.replace(/-(empty|twenty)$/, '')

test('no two pages have the same title', () => {
  const byTitle = Map.groupBy(
    SHOWN.filter(({ language }) => language === 'en'),
    ({ html }) => /<title>(?:Problem: )?([^<]*)<\/title>/.exec(html)?.[1] ?? '',
  )
  const shared = [...byTitle].flatMap(([title, shown]) => {
    const different = new Set(
      shown.map(({ page, name }) => SAME[name] ?? (page.startsWith('account') ? withoutSize(name) : page)),
    )
    return different.size > 1 ? [`${title}: ${[...different].join(', ')}`] : []
  })
  expect(shared).toEqual([])
})
