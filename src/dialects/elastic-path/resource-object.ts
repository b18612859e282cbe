/** The members of a request's `data`, or the details of what is wrong with it. */
export type ResourceObject = Readonly<Record<string, unknown>>

/** The `data` object of a JSON:API-like body; undefined when the body is no JSON or has none. */
export function readResourceObject(body: string): ResourceObject | 'not-json' | 'no-data' {
  const value = parse(body)
  if (value === undefined) return 'not-json'
  const data = objectOf(value)?.data
  return objectOf(data) ?? 'no-data'
}

/** What is missing from `names`, or no text, in the words of the shop's validator. */
export function violations(data: ResourceObject, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined
    if (value === undefined || value === null || value === '') return [`The data.${name} field is required.`]
    return typeof value === 'string' ? [] : [`The data.${name} must be a string.`]
  })
}

/** A member as text; empty when it is none. */
export function textOf(data: ResourceObject, name: string): string {
  const value = Object.hasOwn(data, name) ? data[name] : undefined
  return typeof value === 'string' ? value : ''
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): ResourceObject | undefined {
  // An object, and each member is unknown.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ResourceObject) : undefined
}
