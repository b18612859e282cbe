import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGES = new URL('../../../docs/how-to/protect-a-service/', import.meta.url)
const BLOCK = /^```\w+\n((?:<\?php )?(?:\/\/|#) ([\w.-]+\.\w+)\n.*?)^```$/gms

/** The files that a page of docs/how-to/protect-a-service shows, by name: code blocks that begin with a comment that is one. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  const markdown = readFileSync(new URL(page, PAGES), 'utf8')
  return new Map([...markdown.matchAll(BLOCK)].map(([, text = '', name = '']) => [name, text]))
}

/** Writes the files of a page as a reader pastes them, but that `said` is replaced by `instead` wherever it stands. */
export function pasteFiles(page: string, directory: string, [said, instead]: readonly [string, string]): void {
  const files = [...filesOf(page)]
  if (!files.some(([, text]) => text.includes(said))) throw new Error(`${page} does not say "${said}"`)
  for (const [name, text] of files) writeFileSync(join(directory, name), text.replaceAll(said, instead))
}
