/** The members of a JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The value that a text holds as JSON; undefined when it holds none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A parsed value as an object; undefined when it is another kind of value, a list too. */
export function objectOf(value: unknown): JsonObject | undefined {
  // What the condition says.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** An own member as text; empty when it is missing or no text. */
export function textOf(members: JsonObject, name: string): string {
  const value = Object.hasOwn(members, name) ? members[name] : undefined
  return typeof value === 'string' ? value : ''
}
