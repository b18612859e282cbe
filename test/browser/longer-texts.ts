import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_VIEWS } from '../../src/interaction/pages.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

/** A region that no language has (BCP 47, for private use). */
const LANGUAGE = 'en-xa'
const LONGER_BY = 0.4
/** Words, and places for values, which stay as they are. */
const WORD = /\{\w+\}|\p{L}{2,}/gu

/** A language of made-up words that are 40 % longer than the English ones, as a directory of views. */
export function longerTexts(directory = temporaryDirectory('longer-texts')) {
  const english = JSON.parse(readFileSync(join(OWN_VIEWS, 'locales', 'en.json'), 'utf8')) as Record<string, string>
  const longer = Object.entries(english).map(([key, text]) => [key, text.replace(WORD, lengthen)])
  mkdirSync(join(directory, 'locales'), { recursive: true })
  const texts = { ...Object.fromEntries(longer), 'language.direction': 'ltr' }
  writeFileSync(join(directory, 'locales', `${LANGUAGE}.json`), JSON.stringify(texts))
  return { language: LANGUAGE, directory }
}

function lengthen(word: string): string {
  return word.startsWith('{') ? word : word + word.slice(0, Math.ceil(word.length * LONGER_BY))
}
