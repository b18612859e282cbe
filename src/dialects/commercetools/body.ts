import type { DialectAnswer } from '../dialect.ts'
import { type JsonObject, objectOf, parseJson } from '../json-body.ts'
import { invalidJson } from './api-errors.ts'

/** What a member of a body must be; a number is a whole one above zero. */
export type Shape = Readonly<Record<string, 'text' | 'text?' | 'number' | 'number?'>>

/** A body of that shape. Other members are the shop's, and are not looked at. */
export type Body<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends 'text'
    ? string
    : S[Name] extends 'text?'
      ? string | undefined
      : S[Name] extends 'number'
        ? number
        : number | undefined
}

/** Reads a body, or refuses it with the first member that does not fit. */
export function readBody<S extends Shape>(
  text: string,
  shape: S,
): { readonly body: Body<S> } | { readonly refused: DialectAnswer } {
  const given = objectOf(parseJson(text))
  if (!given) return { refused: invalidJson('An object is expected.') }
  for (const [name, kind] of Object.entries(shape)) {
    const complaint = complaintAbout(memberOf(given, name), kind)
    if (complaint) return { refused: invalidJson(`${name}: ${complaint}`) }
  }
  const members = Object.keys(shape).map((name) => [name, memberOf(given, name) ?? undefined] as const)
  return { body: Object.fromEntries(members) as Body<S> } // looked at one by one above
}

function memberOf(given: JsonObject, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined
}

function complaintAbout(value: unknown, kind: Shape[string]): string | undefined {
  const isOptional = kind.endsWith('?')
  if (value === undefined || value === null) return isOptional ? undefined : 'Missing required value'
  if (kind.startsWith('number')) {
    return Number.isSafeInteger(value) && Number(value) > 0 ? undefined : 'A whole number above 0 is expected'
  }
  if (typeof value !== 'string') return 'A text is expected'
  return value === '' && !isOptional ? 'Missing required value' : undefined
}
