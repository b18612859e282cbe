import { describe, expect, test } from 'vitest'
import { plainBrand } from '../../src/interaction/brand/brand.ts'
import { createPages } from '../../src/interaction/pages.ts'
import { SAMPLES } from '../../src/interaction/preview/samples.ts'

const HOME = 'https://shop.example/'
const ENDS = ['done', 'sent', 'link-dead', 'error', 'signed-out', 'staying', 'device-done']
const ends = SAMPLES.filter(({ page }) => ENDS.includes(page)).map((sample) => ({
  name: `${sample.page} ${sample.state}`,
  ...sample,
}))

describe.each([
  ['with the address of the shop', { home: HOME }, HOME],
  ['without it', {}, '/account'],
])('%s', (_, given, way) => {
  const pages = createPages({ brand: { ...plainBrand('Acme Shop'), ...given }, accountPath: '/account' })

  test.each(ends)('$name has one button that stands out, the first, and leads on', ({ page, view }) => {
    const main = /<main.*<\/main>/s.exec(pages.render(page, view, 'en'))?.[0] ?? ''
    const buttons = [...main.matchAll(/<a class="(button[^"]*)" href="([^"]*)"/g)].map(([, look, href]) => ({
      look,
      href,
    }))
    expect(buttons.map(({ look }) => look)).toEqual(['button button-primary', ...buttons.slice(1).map(() => 'button')])
    for (const { href } of buttons) expect(href).toMatch(/^(\/|https:\/\/)/)
    const isOfClient = 'home' in view && view.home !== undefined
    expect(buttons.map(({ href }) => href)).toContain(isOfClient ? view.home : way)
    expect(buttons.map(({ href }) => href)).toContain('/account')
  })
})

test('a page whose purpose is another step leads there first', () => {
  const pages = createPages({ brand: plainBrand('Acme Shop'), accountPath: '/account' })
  const first = (html: string) => /button-primary" href="([^"]*)"/.exec(html)?.[1]
  expect(first(pages.render('link-dead', { kind: 'recovery', again: '/recovery' }, 'en'))).toBe('/recovery')
  expect(first(pages.render('done', { notice: 'email-restored', recovery: '/recovery' }, 'en'))).toBe('/recovery')
  expect(first(pages.render('error', { code: 'form_malformed', reload: '/registration' }, 'en'))).toBe('/registration')
  expect(first(pages.render('error', { code: 'x', startAgain: 'https://app.example/' }, 'en'))).toBe(
    'https://app.example/',
  )
  expect(first(pages.render('sent', { kind: 'unblock', back: '/interaction/x' }, 'en'))).toBe('/interaction/x')
})
