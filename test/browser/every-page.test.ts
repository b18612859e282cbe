import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SAMPLES } from '../../src/interaction/preview/samples.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { barriers } from './barriers.ts'
import { hiddenFocus } from './hidden-focus.ts'
import { longerTexts } from './longer-texts.ts'
import { servePreview, writePreview } from './preview-pages.ts'

/** What colours alone decide. */
const OF_COLOURS = { rules: ['color-contrast', 'link-in-text-block'] }

const SMALLEST_PHONE = { width: 320, height: 568 }

/** WCAG 2.2 §1.4.12: what a person may set, and nothing is lost. */
const WIDE_SPACES =
  '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }'
/** WCAG 2.2 §1.4.4, on the smallest phone. */
const TWICE_THE_SIZE = 'html { font-size: 200% !important }'

/** What is wider than the window (WCAG 2.2 §1.4.10); empty where nothing is. */
const SIDEWAYS = `document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > innerWidth + 1 ||
    each.getBoundingClientRect().left < -1).map((each) => each.outerHTML.slice(0, 120)).concat('the page scrolls')`

const names = SAMPLES.map(({ page, state }) => [page, state].filter(Boolean).join('-'))

describeOn('chromium', 'every page in every state, with made-up data', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await connectChromium()
  })
  afterAll(async () => {
    await browser?.close()
  })

  describe.each(['en', 'ar'])('in %s', (language) => {
    let context: BrowserContext
    let page: Page
    let addressOf: (name: string) => string
    let direction: string

    beforeAll(async () => {
      context = await newContext(browser, { viewport: SMALLEST_PHONE })
      addressOf = await servePreview(context, await writePreview(language))
      page = await context.newPage()
      direction = language === 'ar' ? 'rtl' : 'ltr'
    })
    afterAll(async () => {
      await context?.close()
    })

    test.each(names)('%s can be used by everybody', async (name) => {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.goto(addressOf(name))
      expect(await page.locator('html').getAttribute('lang')).toBe(language)
      expect(await page.locator('html').getAttribute('dir')).toBe(direction)
      expect(await page.evaluate(SIDEWAYS), 'sideways').toEqual([])
      expect(await barriers(page), 'light').toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      expect(await barriers(page, OF_COLOURS), 'dark').toEqual([])
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' })
      expect(await hiddenFocus(page), 'focus').toEqual([])
      await page.emulateMedia({ forcedColors: 'none' })
      for (const style of [WIDE_SPACES, TWICE_THE_SIZE]) {
        await page.addStyleTag({ content: style })
        expect(await page.evaluate(SIDEWAYS), style).toEqual([])
      }
    })
  })

  test('texts that are as much longer as other languages make them fit on every page', async () => {
    const context = await newContext(browser, { viewport: SMALLEST_PHONE })
    try {
      const { language, directory } = longerTexts()
      const addressOf = await servePreview(context, await writePreview(language, { VIEWS_DIR: directory }))
      const page = await context.newPage()
      const wide = []
      for (const name of names) {
        await page.goto(addressOf(name))
        wide.push(...(await page.evaluate<string[]>(SIDEWAYS)).map((part) => `${name}: ${part}`))
      }
      expect(wide).toEqual([])
    } finally {
      await context.close()
    }
  })
})
