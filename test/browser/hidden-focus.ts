import type { Page } from 'playwright-core'

/**
 * What can have the focus by keyboard and does not show it (WCAG 2.2 §2.4.7), or is covered by something else when it has
 * (§2.4.11).
 */
export async function hiddenFocus(page: Page): Promise<string[]> {
  // From here on the browser takes the focus for one of the keyboard.
  await page.keyboard.press('Tab')
  return page.evaluate<string[]>(LOOK)
}

const LOOK = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .flatMap((one) => {
    one.focus()
    if (document.activeElement !== one) return ['takes no focus: ' + one.outerHTML.slice(0, 160)]
    const { outlineStyle, outlineWidth } = getComputedStyle(one)
    const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
    const [box] = one.getClientRects()
    const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
    const isCovered = above === null || !(one.contains(above) || above.contains(one))
    const problems = [...(isSeen ? [] : ['is not seen']), ...(isCovered ? ['is covered'] : [])]
    return problems.map((problem) => problem + ': ' + one.outerHTML.slice(0, 160))
  })`
