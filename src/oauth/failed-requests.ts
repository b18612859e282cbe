import type { IncomingMessage } from 'node:http'

const failures = new WeakMap<IncomingMessage, Error>()

/** Notes why a request failed that something was done for already: it must not be done again, only be answered. */
export function noteFailure(request: IncomingMessage, failure: Error): void {
  failures.set(request, failure)
}

/** Why the request failed before it came here; undefined for every other one. */
export function failureOf(request: IncomingMessage): Error | undefined {
  return failures.get(request)
}
