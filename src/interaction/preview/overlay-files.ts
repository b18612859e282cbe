import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { type Finding, problem } from './finding.ts'

/** Files that are texts, and must be UTF-8. */
const TEXTS = /\.(eta|json|css|svg)$/

/** Something in a directory: its path below it, with slashes, and what that leads to. */
type Entry = { readonly file: string; readonly leadsTo: 'file' | 'folder' | 'elsewhere' | 'nothing' }

/** The files below a directory; hidden ones and those of the console are left out. */
export function filesBelow(directory: string): string[] {
  return entriesBelow(directory)
    .flatMap(({ file, leadsTo }) => (leadsTo === 'file' && !file.startsWith('console/') ? [file] : []))
    .sort()
}

/** Links that lead nowhere or out of the directory, and texts that are not UTF-8. */
export function checkFiles(directory: string): Finding[] {
  return entriesBelow(directory).flatMap(({ file, leadsTo }) => {
    if (leadsTo === 'nothing') return [problem(file, 'it is a link that leads nowhere')]
    if (leadsTo === 'elsewhere')
      return [problem(file, 'it is a link that leads out of the directory: put the files themselves here')]
    const isText = leadsTo === 'file' && TEXTS.test(file)
    if (!isText || isUtf8(readFileSync(join(directory, file)))) return []
    return [problem(file, 'it is not UTF-8: save it in that encoding')]
  })
}

/** Follows links within the directory, as the server does: orchestrators mount files as links to a hidden folder beside them. */
function entriesBelow(directory: string): Entry[] {
  const root = realpathSync(directory)
  const walk = (folder: string, above: readonly string[]): Entry[] =>
    readdirSync(join(root, folder))
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) => {
        const file = folder === '' ? name : `${folder}/${name}`
        const target = targetOf(join(root, file))
        if (target === undefined) return [{ file, leadsTo: 'nothing' as const }]
        if (!target.startsWith(root + sep)) return [{ file, leadsTo: 'elsewhere' as const }]
        if (!statSync(target).isDirectory()) return [{ file, leadsTo: 'file' as const }]
        // A link to a folder above it would have no end.
        const below = above.includes(target) ? [] : walk(file, [...above, target])
        return [{ file, leadsTo: 'folder' as const }, ...below]
      })
  return walk('', [root])
}

function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
