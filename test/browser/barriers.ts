import axe from 'axe-core'
import type { Page } from 'playwright-core'

type Options = { readonly rules?: readonly string[] }

/** All that axe looks for; the size of targets (WCAG 2.2 §2.5.8) it leaves out unless asked. */
const EVERYTHING = { rules: { 'target-size': { enabled: true } } }

/** It need not fetch what the browser has, nor describe what is good. */
const QUICKLY = { preload: false, resultTypes: ['violations'] }

/** What keeps people from using the page, by axe. The page must allow scripts, and have no policy against them. */
export async function barriers(page: Page, { rules }: Options = {}): Promise<string[]> {
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(axe.source)
  const options = JSON.stringify({ ...QUICKLY, ...(rules ? { runOnly: rules } : EVERYTHING) })
  const { violations } = (await page.evaluate(`axe.run(${options})`)) as Pick<axe.AxeResults, 'violations'> // of axe.run
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
