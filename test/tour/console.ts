import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signInToConsole } from '../admin/console-operator.ts'
import { findChromium } from '../support/binaries.ts'
import { launchChromium } from '../support/chromium.ts'

/** Signs in to the console of a node, shows what its first page says, and where a picture of it is. */
export async function showConsole(node: { readonly adminUrl: string }, token: string): Promise<void> {
  const operator = await signInToConsole(node, token)
  const { html, status } = await operator.get('/console/')
  if (status !== 200) throw new Error(`the console answers ${status}`)
  console.log(textOf(html).join('\n'))
  if (findChromium()) console.log(`\na picture of it: ${await takePicture(node.adminUrl, token)}`)
}

/** The lines a person reads: headings, findings, and each figure with its name. */
function textOf(html: string): string[] {
  const [, main = ''] = /<main\b[^>]*>(.*)<\/main>/s.exec(html) ?? []
  return main
    .replace(/<dd\b[^>]*>/g, ': ')
    .replace(/<\/(h1|h2|p|li|div)>/g, '\n')
    .replace(/<[^>]+>/g, ' ')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').replace(' : ', ': ').trim())
    .filter(Boolean)
}

async function takePicture(adminUrl: string, token: string): Promise<string> {
  const path = join(tmpdir(), 'vestibule-tour-console.png')
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, javaScriptEnabled: false })
    await page.goto(`${adminUrl}/console/`)
    await page.fill('input[name=token]', token)
    await page.click('form:has(input[name=token]) button')
    await page.screenshot({ path, fullPage: true })
  } finally {
    await browser.close()
  }
  return path
}
