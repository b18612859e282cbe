import { z } from 'zod'

/** What a scope allows, by language (BCP 47). */
export type ScopeDescription = Readonly<Record<string, string>>

const LONGEST_CHARACTERS = 200
const MOST_LANGUAGES = 50

/** One line without control and direction characters, which could rearrange the page around it. */
const ONE_LINE = /^[^\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u

const sentence = z
  .string()
  .max(LONGEST_CHARACTERS)
  .regex(/\S/, 'must not be blank')
  .regex(ONE_LINE, 'must be one line without control or direction characters')

const language = z.string().regex(/^[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}$/i)

/** A description of one scope in each language of the shop. */
export const scopeDescription = z
  .record(language, sentence, {
    error: ({ code }) => (code === 'invalid_key' ? 'is no language (BCP 47), such as en or de-CH' : undefined),
  })
  .refine((texts) => Object.keys(texts).length <= MOST_LANGUAGES, `must have at most ${MOST_LANGUAGES} languages`)
