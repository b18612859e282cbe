import { hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { OWN_VIEWS } from '../pages.ts'
import { type Finding, problem, warning } from './finding.ts'
import { localesOf, readTexts } from './overlay-texts.ts'

/** Notes for each file and text that a shop replaced what ours was then. */
const NOTES = 'based-on.json'
const notesSchema = z.record(z.string(), z.string())

/** Replacements of what has changed since in this server, or is the same. */
export function checkBasis(directory: string, replaced: readonly string[]): Finding[] {
  const path = join(directory, NOTES)
  const notes = readNotes(path)
  if (notes === undefined) return [problem(NOTES, 'it cannot be read; remove it, and run "vestibule views accept"')]
  const now = basisOf(directory, replaced)
  const findings = Object.entries(now).flatMap(([name, digest]) => {
    if (notes[name] === undefined) return []
    const changed = 'what it replaces has changed in this server: compare them, then run "vestibule views accept"'
    return notes[name] === digest ? [] : [warning(name, changed)]
  })
  const unknown = Object.keys(now).filter((name) => notes[name] === undefined)
  const advice = `${unknown.length} replacements have no note of what they are based on: run "vestibule views accept", and the next upgrade tells which of them to look at`
  return [...findings, ...sameAsOurs(directory, replaced), ...(unknown.length > 0 ? [warning(NOTES, advice)] : [])]
}

/** Notes that everything was compared with this release. Returns how many files and texts. */
export function acceptBasis(directory: string, replaced: readonly string[]): number {
  const basis = basisOf(directory, replaced)
  writeFileSync(join(directory, NOTES), `${JSON.stringify(basis, undefined, 2)}\n`)
  return Object.keys(basis).length
}

function readNotes(path: string): Readonly<Record<string, string>> | undefined {
  if (!existsSync(path)) return {}
  try {
    return notesSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** Texts one by one: a file of texts changes with every release. */
function basisOf(directory: string, replaced: readonly string[]): Record<string, string> {
  const files = replaced.filter((file) => !file.endsWith('.json'))
  const texts = localesOf(directory).flatMap((tag) => {
    const [ours, english] = [readTexts(OWN_VIEWS, tag), readTexts(OWN_VIEWS, 'en')]
    return Object.keys(readTexts(directory, tag)).flatMap((key) => {
      const text = ours[key] ?? english[key]
      return text === undefined ? [] : [[`locales/${tag}.json ${key}`, digestOf(text)]]
    })
  })
  return Object.fromEntries([
    ...files.map((file) => [file, digestOf(readFileSync(join(OWN_VIEWS, file), 'utf8'))]),
    ...texts,
  ])
}

function sameAsOurs(directory: string, replaced: readonly string[]): Finding[] {
  const files = replaced.filter((file) => !file.endsWith('.json'))
  return files
    .filter((file) => readFileSync(join(directory, file), 'utf8') === readFileSync(join(OWN_VIEWS, file), 'utf8'))
    .map((file) => warning(file, 'it is the same as that of this server: remove it, and upgrades reach you'))
}

const digestOf = (text: string) => hash('sha256', text, 'base64url').slice(0, 16)
