import { setTimeout } from 'node:timers/promises'
import { Unavailable } from '../../http/unavailable.ts'
import { messageOf } from '../../thrown.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'

/** The shop's service does not answer, or answers nonsense; `retryAfterSeconds` says when to ask again. */
export class ShopServiceError extends Unavailable {
  constructor(message: string, retryAfterSeconds: number) {
    super('shop service', message, retryAfterSeconds)
  }
}

export type ShopServiceOptions = {
  /** The address that paths are added to. */
  readonly url: string
  /** Sent as a bearer token. */
  readonly token?: string
  readonly timeoutMs?: number
  /** Further tries of a question that changes nothing. */
  readonly retries?: number
}

export type ShopAnswer = { readonly status: number; readonly body: unknown }

export type ShopService = {
  /** Asks again after a failure, with a pause that grows. @throws {ShopServiceError} */
  read(path: string): Promise<ShopAnswer>
  /** Asks once: a password that is sent twice may count twice. @throws {ShopServiceError} */
  send(path: string, body: unknown): Promise<ShopAnswer>
}

const RETRY_PAUSE_MS = 100
const RETRY_AFTER_SECONDS = 5
const MAX_BODY_BYTES = 4 * 1024 * 1024

/** HTTP to the shop's own service, with a deadline, few retries and a circuit breaker. */
export function createShopService(options: ShopServiceOptions): ShopService {
  const { url, token, timeoutMs = 2000, retries = 2 } = options
  const breaker = createCircuitBreaker()
  const root = url.replace(/\/$/, '')

  /** Not retried: the point of leaving it alone is an answer at once. */
  function enter(): void {
    const pauseSeconds = breaker.restsForSeconds()
    if (pauseSeconds === undefined) return
    throw new ShopServiceError('the shop service failed repeatedly and is not called for a while', pauseSeconds)
  }

  async function ask(path: string, init: RequestInit): Promise<ShopAnswer> {
    try {
      const response = await fetch(root + path, {
        ...init,
        headers: {
          accept: 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(init.body !== undefined && { 'content-type': 'application/json' }),
        },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      if (response.status >= 500 || response.status === 429) throw new Error(`answered ${response.status}`)
      const body = await readJson(response)
      breaker.succeeded()
      return { status: response.status, body }
    } catch (error) {
      breaker.failed()
      throw new ShopServiceError(`the shop service failed: ${messageOf(error)}`, RETRY_AFTER_SECONDS)
    }
  }

  return {
    async read(path) {
      for (let attempt = 0; ; attempt++) {
        enter()
        try {
          return await ask(path, { method: 'GET' })
        } catch (error) {
          if (attempt >= retries) throw error
          await setTimeout(RETRY_PAUSE_MS * 2 ** attempt)
        }
      }
    },
    async send(path, body) {
      enter()
      return ask(path, { method: 'POST', body: JSON.stringify(body) })
    },
  }
}

async function readJson({ body }: Response): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('answered with too large a body')
    chunks.push(chunk)
  }
  return bytes === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
