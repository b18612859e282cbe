import type { IncomingHttpHeaders } from 'node:http'

/**
 * When a request may be answered by the fast path, as data. Whatever a rule does not allow is no error: the engine answers
 * it, and knows every case.
 */
export type Rule = {
  readonly method: 'GET' | 'POST'
  /** Paths below the issuer's own. */
  readonly paths: readonly string[]
  /** Whether these paths may be asked for with a query; the endpoint reads it. */
  readonly takesQuery?: true
  /** Headers with any of which the answer could be another one, besides those of `CHANGING_HEADERS`. */
  readonly withoutHeaders?: readonly string[]
}

/** What the form of a POST has. Every field comes once and is not empty. */
export type FormRule = {
  /** Fields with exactly these values: they tell the endpoints of one path apart. */
  readonly fixed?: Readonly<Record<string, string>>
  readonly required: readonly string[]
  /** Any other field is for the engine. */
  readonly optional: readonly string[]
}

/** Fields by which a client proves itself or says who it is. */
export const CLIENT_FIELDS = ['client_id', 'client_secret'] as const

/**
 * A browser's request, a key that is proved, a body that must be unpacked, a connection that changes: the engine knows what
 * to do with each of them.
 */
const CHANGING_HEADERS = [
  'origin',
  'dpop',
  'content-encoding',
  'transfer-encoding',
  'expect',
  'upgrade',
  'oauth-client-attestation',
  'oauth-client-attestation-pop',
]

/** Whether no header of a request stands against the rule. `alsoWithout` is what this server's settings add. */
export function headersFit(
  { withoutHeaders = [] }: Rule,
  headers: IncomingHttpHeaders,
  alsoWithout: readonly string[],
): boolean {
  for (const name of CHANGING_HEADERS) if (headers[name] !== undefined) return false
  for (const name of withoutHeaders) if (headers[name] !== undefined) return false
  for (const name of alsoWithout) if (headers[name] !== undefined) return false
  return true
}

export type Form = Readonly<Record<string, string>>

/** Whether a form has what the rule wants and nothing else. */
export function formFits({ fixed = {}, required, optional }: FormRule, form: Form): boolean {
  for (const name in fixed) if (form[name] !== fixed[name]) return false
  for (const name of required) if (!form[name]) return false
  for (const name in form) {
    if (!form[name]) return false
    if (!(name in fixed) && !required.includes(name) && !optional.includes(name)) return false
  }
  return true
}
