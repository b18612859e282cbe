import type { IncomingMessage } from 'node:http'
import { unescape as decode } from 'node:querystring'
import type { Form } from './rule.ts'

/** A longer form is the engine's. */
const MOST_BYTES = 16 * 1024
const TYPES: readonly (string | undefined)[] = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'application/x-www-form-urlencoded;charset=UTF-8',
]
/** Anything else is read by the engine, which knows what to make of it. */
const PLAIN = /^[\x20-\x7e]*$/

/** Whether a request has a form whose length is known and small. */
export function hasForm({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'])
  return length > 0 && length <= MOST_BYTES && TYPES.includes(headers['content-type'])
}

/**
 * Looks at the form of a request once all of it is here, and leaves it where it was: whoever reads the request next finds
 * it untouched. `null` is a form that only the engine should read.
 */
export function peekForm(request: IncomingMessage, then: (form: Form | null) => void): void {
  const length = Number(request.headers['content-length'])

  function look(): void {
    // Null while a part is missing; asking has the stream tell when there is more.
    const body = request.read(length) as Buffer | null // no encoding is set
    if (body === null) return
    request.off('readable', look)
    request.unshift(body)
    const form = body.length === length ? parseForm(body.toString('latin1')) : null
    // The stream settles how it flows, now that nobody listens, in a tick of its own.
    process.nextTick(then, form)
  }

  request.on('readable', look)
}

/** Null where a field comes twice, or where there are other than plain characters. */
export function parseForm(text: string): Form | null {
  if (!PLAIN.test(text)) return null
  const form: Record<string, string> = Object.create(null) as Record<string, string> // a field may have any name
  for (const pair of text.split('&')) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    if (name in form || !/^\w+$/.test(name)) return null
    form[name] = at < 0 ? '' : decoded(pair.slice(at + 1))
  }
  return form
}

/** As the engine decodes a value (WHATWG URL §5.1). */
function decoded(value: string): string {
  if (!value.includes('%') && !value.includes('+')) return value
  return decode(value.replaceAll('+', ' '))
}
