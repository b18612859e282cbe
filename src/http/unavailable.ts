/**
 * Something this server stands on does not answer in time: 503, and the request may be sent again (RFC 9110 §15.6.4).
 * The members are those by which oidc-provider shows an error to clients in each endpoint's own form, and the error
 * code is the one of RFC 6749 §4.1.2.1.
 */
export class Unavailable extends Error {
  readonly status = 503
  readonly statusCode = 503
  readonly expose = true
  readonly error = 'temporarily_unavailable'
  readonly error_description: string = 'a part of this server does not answer, try again shortly'
  readonly allow_redirect = true
  readonly retryAfterSeconds: number
  /** For the log: which part, and what it said. */
  readonly error_detail: string

  constructor(part: 'storage' | 'database' | 'shop service', cause: unknown, retryAfterSeconds = 1) {
    super(undefined, { cause })
    // knex writes the failed statement before the message of an error, and oidc-provider tells clients that message.
    Object.defineProperty(this, 'message', { get: () => this.error, set() {} })
    this.retryAfterSeconds = retryAfterSeconds
    this.error_detail = `${part}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/**
 * What `run` answers, but within `limitMs`.
 *
 * @throws {Unavailable} when it does not, and for whatever failure `isOutage` recognises as one.
 */
export function answerWithin<T>(
  limitMs: number,
  part: 'storage' | 'database',
  run: () => Promise<T>,
  isOutage: (error: unknown) => boolean = () => true,
): Promise<T> {
  // Every question to a store comes by here: one promise and one timer are all it makes.
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Unavailable(part, `no answer within ${limitMs} ms`))
    // After a pause of this process the answer may be here and only not read yet: timers come before it.
    const timer = setTimeout(() => setImmediate(giveUp), limitMs)
    const answered = (answer: T) => {
      clearTimeout(timer)
      resolve(answer)
    }
    const failed = (error: unknown) => {
      clearTimeout(timer)
      reject(error instanceof Unavailable || !isOutage(error) ? error : new Unavailable(part, error))
    }
    try {
      run().then(answered, failed)
    } catch (error) {
      failed(error)
    }
  })
}
