import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { askShared } from './shared.ts'

/** More than a busy machine takes for a page, and less than a test may take. */
const DEADLINE_MS = 120_000

/** A connection to the Chromium of this run. Closing it closes its contexts and leaves the browser to others. */
export async function connectChromium(): Promise<Browser> {
  return chromium.connect(await askShared('chromium'), { timeout: DEADLINE_MS })
}

/** A browser that has never been anywhere, as far as pages can tell. */
export async function newContext(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  context.setDefaultTimeout(DEADLINE_MS)
  return context
}
