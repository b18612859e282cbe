import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { FALLBACK_LANGUAGE } from '../languages.ts'
import { OWN_VIEWS } from '../pages.ts'
import { type Finding, problem, warning } from './finding.ts'

type Texts = Readonly<Record<string, string>>

const textsSchema = z.record(z.string(), z.string())

/** Texts that no page shows, with places for values that nobody fills, or without those that they need. */
export function checkTexts(directory: string): Finding[] {
  const english = readTexts(OWN_VIEWS, FALLBACK_LANGUAGE)
  return localesOf(directory).flatMap((tag) => {
    const file = `locales/${tag}.json`
    try {
      const texts = readTexts(directory, tag)
      return [
        ...Object.entries(texts).flatMap((entry) => checkText(file, entry, english)),
        ...missing(file, tag, texts, english),
      ]
    } catch (error) {
      return [problem(file, `it is not a flat object of texts: ${String(error).split('\n')[0]}`)]
    }
  })
}

/** The texts that a directory has in a language; none where it has no file. */
export function readTexts(directory: string, tag: string): Texts {
  const path = join(directory, 'locales', `${tag}.json`)
  return existsSync(path) ? textsSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : {}
}

/** The languages that a directory has texts in. */
export function localesOf(directory: string): string[] {
  const folder = join(directory, 'locales')
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => /^([\w-]+)\.json$/.exec(name)?.[1] ?? [])
}

function checkText(file: string, [key, text]: [string, string], english: Texts): Finding[] {
  const ours = english[key]
  if (ours === undefined) {
    // Scopes and claims are named by the shop; templates of its own may have texts of their own.
    return /^(scope|claim)\./.test(key)
      ? []
      : [warning(file, `${key}: no page of this server shows this text any more`)]
  }
  const [given, known] = [placesIn(text), placesIn(ours)]
  return [
    ...given.filter((place) => !known.includes(place)).map((place) => problem(file, `${key}: nothing fills ${place}`)),
    ...known.filter((place) => !given.includes(place)).map((place) => warning(file, `${key}: ${place} is missing`)),
  ]
}

/** A language that this server has is completed by ours; another one by English. */
function missing(file: string, tag: string, texts: Texts, english: Texts): Finding[] {
  if (localesOf(OWN_VIEWS).includes(tag)) return []
  const keys = Object.keys(english).filter((key) => texts[key] === undefined)
  if (keys.length === 0) return []
  const some = keys.slice(0, 3).join(', ')
  return [warning(file, `${keys.length} texts are missing and will be English: ${some}${keys.length > 3 ? ' …' : ''}`)]
}

const placesIn = (text: string) => [...new Set(text.match(/\{\w+\}/g))]
