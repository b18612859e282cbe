import { codeOf, messageOf } from '../thrown.ts'

/** Classes of SQLSTATE that say "not now": connection, resources, operator, system; and a server that only reads. */
const OUTAGE_STATES = /^(08|53|57|58|25006)/
const OUTAGE_WORDS = /connection|timeout|terminat|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN/i

/** True for errors that say nothing about the question, only that there is no answer now. */
export function isOutage(error: unknown): boolean {
  const code = codeOf(error)
  if (code && /^[0-9A-Z]{5}$/.test(code)) return OUTAGE_STATES.test(code)
  return OUTAGE_WORDS.test(`${code ?? ''} ${messageOf(error)}`)
}
