import type { Page } from 'playwright-core'

type Text = { readonly text: string; readonly colour: string; readonly grounds: readonly string[] }

const collectTexts = `[...document.querySelectorAll('body *')]
  .filter((element) => element.matches('input:not([type=hidden])') ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()))
  .map((element) => {
    const grounds = []
    for (let one = element; one; one = one.parentElement) grounds.push(getComputedStyle(one).backgroundColor)
    return { text: element.textContent.trim() || element.id, colour: getComputedStyle(element).color, grounds }
  })`

/** Texts whose colour stands out less than 4.5 to 1 from the ground behind them (WCAG 2.2 §1.4.3). */
export async function faintTexts(page: Page): Promise<string[]> {
  const texts = await page.evaluate<Text[]>(collectTexts)
  return texts
    .map(({ text, colour, grounds }) => ({
      text,
      ratio: contrast(colour, grounds.find(isOpaque) ?? 'rgb(255, 255, 255)'),
    }))
    .filter(({ ratio }) => ratio < 4.5)
    .map(({ text, ratio }) => `${ratio.toFixed(2)}: ${text}`)
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function isOpaque(colour: string): boolean {
  return /^rgb\(/.test(colour)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((channel) => {
    const share = Number(channel) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
