import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { faintTexts } from './contrast.ts'

/** A desk, a phone, and the smallest phones. */
const SIZES = [
  [1280, 800],
  [360, 740],
  [320, 568],
] as const
const unlabelledFields = `[...document.querySelectorAll('input:not([type=hidden])')]
  .filter((input) => !input.labels.length).map((input) => input.name)`

/** With PICTURES=1 each page leaves pictures there to look at. Taking them is most of the work, so it is asked for. */
const pictures = process.env.PICTURES === '1' ? join(tmpdir(), 'vestibule-pictures') : undefined

type Looks = {
  readonly colourSchemes?: readonly ('light' | 'dark')[]
}

/** In every colour scheme and at every size: nothing scrolls sideways, and texts stand out from what is behind them. */
export async function expectReadable(
  page: Page,
  name: string,
  { colourSchemes = ['light', 'dark'] }: Looks = {},
): Promise<void> {
  for (const colorScheme of colourSchemes) {
    await page.emulateMedia({ colorScheme })
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      await takePicture(page, `${name}-${colorScheme}-${width}`)
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, `${name} must not scroll sideways at ${width} px`).toBeLessThanOrEqual(0)
    }
    expect(await faintTexts(page), `${name} in ${colorScheme}`).toEqual([])
  }
}

/** What every page for customers owes to everybody, and that it is readable. */
export async function expectGoodPage(page: Page, name: string): Promise<void> {
  await expectReadable(page, name)
  expect(await page.locator('h1').count(), name).toBe(1)
  expect(await page.locator('html').getAttribute('lang'), name).toMatch(/^(ar|de|en)$/)
  expect(await page.evaluate(unlabelledFields), name).toEqual([])
  expect(await page.title()).toContain('Acme Shop')
}

/** Does what leads to another page, and waits until that one is there. */
export async function leadOn(page: Page, act: () => Promise<unknown>): Promise<void> {
  await Promise.all([page.waitForEvent('load'), act()])
}

/** Where the focus is: an id, or what the button or link says. */
export function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()')
}

/**
 * What the browser's console says that a page is to blame for. Answers of 4xx are what the pages are about, and a person
 * (or a test) who clicks before a field took the focus by itself is in their right.
 */
export function blamable(complaints: readonly string[]): string[] {
  return complaints.filter(
    (text) => !/the server responded with a status of 4\d\d|^Autofocus processing was/.test(text),
  )
}

async function takePicture(page: Page, name: string): Promise<void> {
  if (!pictures) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, animations: 'disabled' })
}
