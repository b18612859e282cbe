import type { AnswerContext, DialectAnswer } from '../dialect.ts'
import { type JsonObject, objectOf, parseJson } from '../json-body.ts'
import { failure, failures, type SprykerError } from './documents.ts'

export type Parsed = { readonly attributes: JsonObject } | { readonly refused: DialectAnswer }

/**
 * The attributes of a JSON:API request document. The content type is not looked at, and unknown
 * attributes are ignored.
 */
export function readAttributes(body: string, type: string, context: AnswerContext): Parsed {
  const invalid = { refused: failure(400, undefined, 'Post data is invalid.', context) }
  const data = objectOf(objectOf(parseJson(body))?.data)
  if (!data || !Object.hasOwn(data, 'type')) return invalid
  if (data.type !== type) return { refused: failure(400, undefined, 'Invalid type.', context) }
  const attributes = Array.isArray(data.attributes) && data.attributes.length === 0 ? {} : objectOf(data.attributes)
  return attributes ? { attributes } : invalid
}

/** A field that must be there, as text; `is` asks for a form too. */
export type Field = { readonly name: string; readonly is?: 'email' | 'uuid' }

const FORMS = {
  // A dot inside the domain, found in one pass.
  email: { pattern: /^[^\s@]+@[^\s@][^\s@.]*\.[^\s@]+$/, complaint: 'This value is not a valid email address.' },
  uuid: { pattern: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i, complaint: 'This is not a valid UUID.' },
}

/** One 901 error for each violated field, in the order of the fields; undefined when all is well. */
export function violations(
  attributes: JsonObject,
  fields: readonly Field[],
  context: AnswerContext,
): DialectAnswer | undefined {
  const errors = fields.flatMap((field): SprykerError[] => {
    const complaint = complaintAbout(attributes, field)
    return complaint ? [{ code: '901', status: 422, detail: `${field.name} => ${complaint}` }] : []
  })
  const [first, ...rest] = errors
  return first && failures([first, ...rest], context)
}

function complaintAbout(attributes: JsonObject, { name, is }: Field): string | undefined {
  if (!Object.hasOwn(attributes, name)) return 'This field is missing.'
  const value = attributes[name]
  if (value === null || value === '' || value === false) return 'This value should not be blank.'
  if (typeof value !== 'string') return 'This value should be of type string.'
  if (value.trim() === '') return 'This value should not be blank.'
  return is && !FORMS[is].pattern.test(value) ? FORMS[is].complaint : undefined
}
