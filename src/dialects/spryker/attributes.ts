import type { AnswerContext, DialectAnswer } from '../dialect.ts'
import { type JsonObject, objectOf, parseJson } from '../json-body.ts'
import { type PasswordLength, tooLong, tooShort } from './customer-answers.ts'
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

/** A field that must be there, as text unless it is a box to tick; `is` asks for a form too. */
export type Field = { readonly name: string } & (
  | { readonly is?: 'email' | 'uuid' }
  | { readonly is: 'ticked' }
  | { readonly is: 'password'; readonly length: PasswordLength }
  | { readonly is: 'choice'; readonly of: readonly string[] }
)

const BLANK = 'This value should not be blank.'
const NO_CHOICE = 'The value you selected is not a valid choice.'

const FORMS = {
  // A dot inside the domain, found in one pass.
  email: { pattern: /^[^\s@]+@[^\s@][^\s@.]*\.[^\s@]+$/, complaint: 'This value is not a valid email address.' },
  uuid: { pattern: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i, complaint: 'This is not a valid UUID.' },
}

/** The 901 errors of violated fields, in the order of the fields; undefined when all is well. */
export function violations(
  attributes: JsonObject,
  fields: readonly Field[],
  context: AnswerContext,
): DialectAnswer | undefined {
  const errors = fields.flatMap((field): SprykerError[] =>
    complaintsAbout(attributes, field).map((complaint) => ({
      code: '901',
      status: 422,
      detail: `${field.name} => ${complaint}`,
    })),
  )
  const [first, ...rest] = errors
  return first && failures([first, ...rest], context)
}

function complaintsAbout(attributes: JsonObject, field: Field): string[] {
  if (!Object.hasOwn(attributes, field.name)) return ['This field is missing.']
  const value = attributes[field.name]
  if (field.is === 'ticked') return value === true ? [] : ['This value should be true.']
  const isBlank = value === null || value === false || (typeof value === 'string' && value.trim() === '')
  if (isBlank) return [BLANK, ...alsoWhenBlank(field)]
  if (typeof value !== 'string') return ['This value should be of type string.']
  switch (field.is) {
    case 'password':
      return lengthComplaints(value, field.length)
    case 'choice':
      return field.of.includes(value) ? [] : [NO_CHOICE]
    case undefined:
      return []
    default:
      return FORMS[field.is].pattern.test(value) ? [] : [FORMS[field.is].complaint]
  }
}

/** The shop says both of a field that is empty. */
function alsoWhenBlank(field: Field): string[] {
  if (field.is === 'password') return [tooShort(field.length)]
  return field.is === 'choice' ? [NO_CHOICE] : []
}

function lengthComplaints(value: string, length: PasswordLength): string[] {
  // A character takes two units of a string at most: what is far too long is not counted.
  if (value.length > 2 * length.max || [...value].length > length.max) return [tooLong(length)]
  return [...value].length < length.min ? [tooShort(length)] : []
}
