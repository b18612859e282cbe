import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { type Preview, servePreview, writePreview } from './preview-pages.ts'

/**
 * What `npm run pages:sheet -- DIRECTORY` runs: a picture of every page and mail as people meet them, and contact sheets
 * of these pictures to look at all at once.
 */
const PER_SHEET = 20
const PHONE = { width: 360, height: 740 }
const DESKTOP = { width: 1280, height: 800 }

type Look = { readonly language: string } & Pick<BrowserContextOptions, 'viewport' | 'colorScheme'>

const LOOKS: Readonly<Record<string, Look>> = {
  desktop: { language: 'en', viewport: DESKTOP, colorScheme: 'light' },
  phone: { language: 'en', viewport: PHONE, colorScheme: 'light' },
  dark: { language: 'en', viewport: DESKTOP, colorScheme: 'dark' },
  arabic: { language: 'ar', viewport: PHONE, colorScheme: 'light' },
}

const directory = resolve(process.argv[2] ?? 'pages-sheet')
mkdirSync(directory, { recursive: true })
const browser = await launchChromium()
try {
  for (const [name, look] of Object.entries(LOOKS)) {
    const preview = await writePreview(look.language, {}, join(directory, 'preview', look.language))
    await takePictures(browser, name, look, preview)
    const count = await makeSheets(browser, name, preview.names)
    console.log(`${preview.names.length} pictures and ${count} sheets of ${name} are in ${directory}`)
  }
} finally {
  await browser.close()
}

async function takePictures(browser: Browser, name: string, look: Look, preview: Preview): Promise<void> {
  const { language: _, ...options } = look
  const context = await browser.newContext(options)
  const addressOf = await servePreview(context, preview)
  const page = await context.newPage()
  mkdirSync(join(directory, name), { recursive: true })
  for (const shown of preview.names) {
    await page.goto(addressOf(shown))
    await page.screenshot({ path: join(directory, name, `${shown}.png`), fullPage: true, animations: 'disabled' })
  }
  await context.close()
}

/** Returns how many sheets there are. */
async function makeSheets(browser: Browser, look: string, names: readonly string[]): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1800, height: 1000 } })
  const count = Math.ceil(names.length / PER_SHEET)
  for (let index = 0; index < count; index++) {
    const sheet = join(directory, `${look}-${index + 1}`)
    writeFileSync(`${sheet}.html`, sheetOf(look, names.slice(index * PER_SHEET, (index + 1) * PER_SHEET)))
    await page.goto(pathToFileURL(`${sheet}.html`).href)
    await page.screenshot({ path: `${sheet}.png`, fullPage: true })
  }
  await page.close()
  return count
}

/** The names are those of our own samples: nothing in them needs to be escaped. */
function sheetOf(look: string, names: readonly string[]): string {
  const figures = names.map(
    (name) => `<figure><img src="${look}/${name}.png" alt=""><figcaption>${name}</figcaption></figure>`,
  )
  return `<!doctype html>
<meta charset="utf-8">
<title>${look}</title>
<style>
body { display: grid; grid-template-columns: repeat(5, 1fr); gap: 1rem; margin: 1rem; font: 14px sans-serif; }
figure { margin: 0; }
img { width: 100%; border: 1px solid #888; }
</style>
${figures.join('\n')}
`
}
