import { type JsonObject, objectOf, parseJson } from '../json-body.ts'

/** The `data` object of a JSON:API-like body, or what is wrong with the body. */
export function readResourceObject(body: string): JsonObject | 'not-json' | 'no-data' {
  const value = parseJson(body)
  if (value === undefined) return 'not-json'
  const data = objectOf(value)?.data
  return objectOf(data) ?? 'no-data'
}

/** What is missing from `names`, or no text, in the words of the shop's validator. */
export function violations(data: JsonObject, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined
    if (value === undefined || value === null || value === '') return [`The data.${name} field is required.`]
    return typeof value === 'string' ? [] : [`The data.${name} must be a string.`]
  })
}
