import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { runCommand } from '../cli/run-command.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

/** An origin that nothing listens at. */
const ORIGIN = 'https://preview.example'

/** The pages and mails of `vestibule views preview` in one language. */
export type Preview = {
  /** Without `.html`. */
  readonly names: readonly string[]
  readonly directory: string
}

/** Writes every page and mail with made-up data. */
export async function writePreview(
  language: string,
  settings: Readonly<Record<string, string>> = {},
  directory = temporaryDirectory(`preview-${language}`),
): Promise<Preview> {
  const { code, stderr } = await runCommand(['views', 'preview', directory, '--language', language], {
    BRAND_NAME: 'Acme Shop',
    BRAND_PRIVACY_URL: 'https://acme.example/privacy',
    BRAND_TERMS_URL: 'https://acme.example/terms',
    ...settings,
  })
  if (code !== 0) throw new Error(`no preview: ${stderr}`)
  const files = readdirSync(directory).filter((file) => file.endsWith('.html') && file !== 'index.html')
  return { directory, names: files.map((file) => basename(file, '.html')) }
}

/** Lets the browser find the files of a preview at an address of its own; everything else it asks for fails. */
export async function servePreview(context: BrowserContext, { directory }: Preview): Promise<(name: string) => string> {
  await context.route('**/*', async (route) => {
    const { origin, pathname } = new URL(route.request().url())
    const path = join(directory, pathname)
    if (origin === ORIGIN && existsSync(path)) await route.fulfill({ path })
    else await route.abort()
  })
  return (name) => `${ORIGIN}/${name}.html`
}
