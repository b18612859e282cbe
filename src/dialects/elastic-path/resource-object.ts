import type { DialectAnswer } from '../dialect.ts'
import { type JsonObject, objectOf, parseJson } from '../json-body.ts'
import { detailedError, failedValidation } from './errors.ts'

/** The `data` object of a JSON:API-like body, or what is wrong with the body. */
export function readResourceObject(body: string): JsonObject | 'not-json' | 'no-data' {
  const value = parseJson(body)
  if (value === undefined) return 'not-json'
  const data = objectOf(value)?.data
  return objectOf(data) ?? 'no-data'
}

/** The answer to a body that is no object. */
export function notAnObject(flaw: 'not-json' | 'no-data'): DialectAnswer {
  return flaw === 'not-json'
    ? detailedError(400, { detail: 'The request body is not valid JSON.' })
    : failedValidation(['The data field is required.'])
}

/** What is missing from `names`, or no text, in the words of the shop's validator. */
export function violations(data: JsonObject, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined
    if (value === undefined || value === null || value === '') return [`The data.${name} field is required.`]
    return typeof value === 'string' ? [] : [`The data.${name} must be a string.`]
  })
}
