/** An answer of the authorization server that was read whole. */
export type ServerAnswer = { readonly status: number; readonly headers: Headers; readonly body: Uint8Array }

export type Ask = (
  url: string,
  options: { readonly maxBytes: number; readonly waitMs?: number } & Pick<RequestInit, 'method' | 'headers' | 'body'>,
) => Promise<ServerAnswer>

/** Sends requests to the authorization server: no redirects, a deadline, and no answer larger than `maxBytes`. */
export function createAsk(fetcher: typeof fetch, timeoutMs: number): Ask {
  return async function ask(url, { maxBytes, waitMs = 0, ...init }) {
    const signal = AbortSignal.timeout(timeoutMs + waitMs)
    const response = await fetcher(url, { ...init, redirect: 'manual', signal })
    if (
      response.type === 'opaqueredirect' ||
      (response.status >= 300 && response.status < 400 && response.status !== 304)
    )
      throw new Error(`${withoutQuery(url)} answered with a redirect, which is not followed`)
    return { status: response.status, headers: response.headers, body: await readAtMost(response, maxBytes) }
  }
}

/** The JSON object in a body. @throws when it is none. */
export function jsonObject(body: Uint8Array): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder().decode(body))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object')
  return value as Record<string, unknown> // an object, whose members are unknown
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array()
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > maxBytes) {
      await reader.cancel()
      throw new Error(`${withoutQuery(response.url)} answered with more than ${maxBytes} bytes`)
    }
    chunks.push(value)
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}

function withoutQuery(url: string): string {
  return url.split('?')[0] ?? url
}
