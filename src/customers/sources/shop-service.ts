import { setTimeout } from 'node:timers/promises'
import { causeOf, codeOf, messageOf } from '../../thrown.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import { isErroring, isOutage, ShopServiceError } from './shop-failure.ts'

export type ShopServiceOptions = {
  /** The address that paths are added to. */
  readonly url: string
  /** Sent as a bearer token. */
  readonly token?: string
  readonly timeoutMs?: number
  /** Further tries of a question that changes nothing. */
  readonly retries?: number
}

/** `body` is read of a 200 alone: a server in front writes its own text under any other status. */
export type ShopAnswer = { readonly status: number; readonly body: unknown }

export type ShopService = {
  /** Asks again after a failure, with a pause that grows. @throws {ShopServiceError} */
  read(path: string): Promise<ShopAnswer>
  /** Asks once: a password that is sent twice may count twice. @throws {ShopServiceError} */
  send(path: string, body: unknown): Promise<ShopAnswer>
}

const RETRY_PAUSE_MS = 100
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
    throw new ShopServiceError({ kind: 'left-alone' }, pauseSeconds)
  }

  async function ask(path: string, init: RequestInit): Promise<ShopAnswer> {
    const { status, text } = await exchange(path, init)
    if (isErroring(status)) breaker.failed()
    else breaker.succeeded()
    if (isErroring(status)) throw new ShopServiceError({ kind: 'status', status })
    return { status, body: status === 200 ? parse(text) : undefined }
  }

  /** @throws {ShopServiceError} when there is no answer within the deadline. */
  async function exchange(path: string, init: RequestInit): Promise<{ status: number; text: string | undefined }> {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(root + path, {
        ...init,
        headers: {
          accept: 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(init.body !== undefined && { 'content-type': 'application/json' }),
        },
        redirect: 'manual',
        signal,
      })
      return { status: response.status, text: await readText(response) }
    } catch (error) {
      breaker.failed()
      if (signal.aborted) throw new ShopServiceError({ kind: 'timeout' })
      throw new ShopServiceError({ kind: 'unreachable', reason: codeOf(causeOf(error)) ?? messageOf(error) })
    }
  }

  return {
    async read(path) {
      for (let attempt = 0; ; attempt++) {
        enter()
        try {
          return await ask(path, { method: 'GET' })
        } catch (error) {
          const isWorthwhile = error instanceof ShopServiceError && isOutage(error.failure)
          if (attempt >= retries || !isWorthwhile || breaker.restsForSeconds() !== undefined) throw error
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

/** Undefined when it is larger than any customer. */
async function readText({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string | undefined): unknown {
  if (text === undefined) throw new ShopServiceError({ kind: 'too-large', status: 200 })
  try {
    return JSON.parse(text)
  } catch {
    throw new ShopServiceError({ kind: 'not-json', status: 200 })
  }
}
