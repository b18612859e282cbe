import { type ErrorMessage, missingFields, NOT_TEXT } from './messages.ts'

export type Credentials = { readonly username: string; readonly password: string }
/** An admin's, with the code of their authenticator app. */
export type CodeCredentials = Credentials & { readonly otp: string }

/** The members of a request's body, or of an object in it. */
export type Fields = Readonly<Record<string, unknown>>
export type Read<T> = T | { readonly refused: ErrorMessage }

/** The login and the password of a token request; numbers and booleans become text as PHP would write them. */
export function readCredentials(fields: Fields): Read<Credentials> {
  return readTexts(fields, ['username', 'password'])
}

export function readCodeCredentials(fields: Fields): Read<CodeCredentials> {
  return readTexts(fields, ['username', 'password', 'otp'])
}

/** Texts that must all be given, or what is wrong with them. */
export function readTexts<const Name extends string>(
  fields: Fields,
  names: readonly Name[],
): Read<Record<Name, string>> {
  const texts = names.map((name) => [name, Object.hasOwn(fields, name) ? toText(fields[name]) : ''] as const)
  if (texts.some(([, text]) => text === undefined)) return { refused: NOT_TEXT }
  const missing = missingFields(texts.filter(([, text]) => !text).map(([name]) => name))
  return missing ? { refused: missing } : (Object.fromEntries(texts) as Record<Name, string>) // every name has its text
}

/** A value as PHP would write it; empty where there is none, undefined for a list or an object. */
export function toText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === false) return ''
  if (value === true) return '1'
  if (typeof value === 'object') return undefined
  return String(value)
}
