import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { focused, leadOn } from './look.ts'

const MOST_STEPS = 40

/**
 * Presses Tab until the focus is on what `selector` finds. What has the focus shows it at each step (WCAG 2.2 §2.4.7)
 * and is in sight (§2.4.11).
 */
export async function tabTo(page: Page, selector: string): Promise<void> {
  const seen: string[] = []
  for (let step = 0; step < MOST_STEPS; step++) {
    const { isBody, isIt, outline, isInSight } = await page.evaluate<Focus>(focusOn(selector))
    const name = isBody ? 'the page' : await focused(page)
    if (!isBody) expect({ name, outline, isInSight }).toEqual({ name, outline: 'solid', isInSight: true })
    if (isIt) return
    seen.push(name)
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never came to ${selector}, but to ${seen.join(', ')}`)
}

/** Presses Enter and waits for the page that it leads to. */
export function enter(page: Page): Promise<void> {
  return leadOn(page, () => page.keyboard.press('Enter'))
}

type Focus = {
  readonly isBody: boolean
  readonly isIt: boolean
  readonly outline: string
  readonly isInSight: boolean
}

const focusOn = (selector: string) => `(() => {
  const one = document.activeElement
  const { top, bottom } = one.getBoundingClientRect()
  return {
    isBody: one === document.body,
    isIt: one.matches(${JSON.stringify(selector)}),
    outline: getComputedStyle(one).outlineStyle,
    isInSight: bottom > 0 && top < innerHeight,
  }
})()`
