import { z } from 'zod'
import { isPlain } from '../plain-text.ts'

/** What a scope allows, by language (BCP 47). */
export type ScopeDescription = Readonly<Record<string, string>>

const LONGEST_CHARACTERS = 200
const MOST_LANGUAGES = 50

const sentence = z
  .string()
  .max(LONGEST_CHARACTERS)
  .regex(/\S/, 'must not be blank')
  .refine(isPlain, 'must be one line without control or direction characters')

const language = z.string().regex(/^[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}$/i)

/** A description of one scope in each language of the shop. */
export const scopeDescription = z
  .record(language, sentence, {
    error: ({ code }) => (code === 'invalid_key' ? 'is no language (BCP 47), such as en or de-CH' : undefined),
  })
  .refine((texts) => Object.keys(texts).length <= MOST_LANGUAGES, `must have at most ${MOST_LANGUAGES} languages`)
