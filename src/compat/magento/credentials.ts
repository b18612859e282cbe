import { type ErrorMessage, missingFields, NOT_TEXT } from './messages.ts'

export type Credentials = { readonly username: string; readonly password: string }

/** The login and the password of a token request; numbers and booleans become text as PHP would write them. */
export function readCredentials(fields: Readonly<Record<string, unknown>>): Credentials | { refused: ErrorMessage } {
  const [username, password] = ['username', 'password'].map((name) =>
    Object.hasOwn(fields, name) ? toText(fields[name]) : '',
  )
  if (username === undefined || password === undefined) return { refused: NOT_TEXT }
  const missing = missingFields([...(username ? [] : ['username']), ...(password ? [] : ['password'])])
  return missing ? { refused: missing } : ({ username, password } as Credentials)
}

function toText(value: unknown): string | undefined {
  if (value === null || value === false) return ''
  if (value === true) return '1'
  if (typeof value === 'object') return undefined
  return String(value)
}
