import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGES = new URL('../../../docs/how-to/protect-a-service/', import.meta.url)
const BLOCK = /^```\w+\n((?:<\?php )?(?:\/\/|#) ([\w.-]+\.\w+)\n.*?)^```$/gms

/** The files that a page of docs/how-to/protect-a-service shows, by name: code blocks that begin with a comment that is one. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  const markdown = readFileSync(new URL(page, PAGES), 'utf8')
  return new Map([...markdown.matchAll(BLOCK)].map(([, text = '', name = '']) => [name, text]))
}

/** Writes the files of a page as a reader pastes them, but for `changes`: what the page says, and what stands there instead. */
export function pasteFiles(
  page: string,
  directory: string,
  changes: readonly (readonly [said: string, instead: string])[],
): void {
  const files = [...filesOf(page)]
  const missing = changes.find(([said]) => !files.some(([, text]) => text.includes(said)))
  if (missing) throw new Error(`${page} does not say "${missing[0]}"`)
  for (const [name, text] of files) {
    const changed = changes.reduce((all, [said, instead]) => all.replaceAll(said, instead), text)
    writeFileSync(join(directory, name), changed)
  }
}
