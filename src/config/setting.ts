import { z } from 'zod'

/** One setting: how its text is read, and what it is for. */
export type Setting = {
  readonly type: z.ZodType
  /** As it would be written in the environment; absent means unset. */
  readonly default?: string
  /** The default with NODE_ENV=production, where it is another one; empty means unset. */
  readonly productionDefault?: string
  readonly secret?: true
  readonly sentence: string
}

/** A TCP port; 0 lets the system pick. */
export const port = z.coerce.number().int().min(0).max(65535)
/** A whole number above zero. */
export const count = z.coerce.number().int().positive()
/** Whole seconds, above zero. */
export const seconds = z.coerce.number().int().positive()
/** Whole seconds; 0 is none. */
export const secondsOrNone = z.coerce.number().int().min(0)
/** Whole days, at least one and at most ten years. */
export const days = z.coerce.number().int().min(1).max(3650)
/** Whole days, at most ten years; 0 is none. */
export const daysOrNone = z.coerce.number().int().min(0).max(3650)
/** Hours, at most a year. */
export const hours = z.coerce
  .number()
  .positive()
  .max(24 * 365)
/** `true` or `false`. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
/** What a header can carry (RFC 9110 §5.5): no control character, and no blank at either end. */
const BEARER = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/
/** A token that travels as `Authorization: Bearer`. */
export const bearerToken = z
  .string()
  .regex(BEARER, 'must be printable ASCII without blanks at its ends, or no header could carry it')
/** Items between commas. */
export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)
/** Items between commas, or `none`: a list that is empty on purpose, where unset means another one. */
export const listOrNone = list
  .refine((items) => items.length === 1 || !items.includes('none'), 'must be none, or names without none')
  .transform((items) => items.filter((item) => item !== 'none'))
/** `name=value` between commas. */
export const pairs = list
  .refine((items) => items.every((item) => /^[^=]+=.+$/.test(item)), 'must be written as name=value,name=value')
  .transform((items) => new Map(items.map((item): [string, string] => [before(item), after(item)])))
/** The name of a request header, in small letters. */
export const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase())
/** An http(s) address without query or fragment. */
export const origin = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !/[?#]/.test(value), 'must not have a query or fragment')
/** What names a resource server (RFC 8707 §2). */
export const resourceIdentifier = z
  .string()
  .max(255)
  .refine(
    (value) => URL.canParse(value) && !value.includes('#'),
    'must be an absolute URI without a fragment (RFC 8707 §2)',
  )
/** An address that begins with one of the schemes. */
export const url = (...schemes: string[]) =>
  z.string().refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}:`)), {
    message: `must start with ${schemes.map((scheme) => `${scheme}:`).join(' or ')}`,
  })

function before(item: string): string {
  return item.slice(0, item.indexOf('=')).trim()
}

function after(item: string): string {
  return item.slice(item.indexOf('=') + 1).trim()
}
