import { createHmac } from 'node:crypto'

/** A message to another system: `id` stays the same when it is sent again. */
export type WebhookMessage = { readonly id: string; readonly body: string }

export type WebhookTarget = { readonly url: string; readonly secret: string }

const TIMEOUT_MS = 5000

/**
 * Sends JSON once. The call carries `Vestibule-Event: <id>` and
 * `Vestibule-Signature: t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`; redirects are not followed.
 *
 * @returns why the call failed; undefined when it was answered with 2xx.
 */
export async function sendSigned({ url, secret }: WebhookTarget, message: WebhookMessage): Promise<string | undefined> {
  const { id, body } = message
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  const headers = {
    'Content-Type': 'application/json',
    'Vestibule-Event': id,
    'Vestibule-Signature': `t=${timestamp},v1=${signature}`,
  }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.ok ? undefined : `it answered ${response.status}`
  } catch (error) {
    return `it did not answer (${(error as Error).name})` // fetch rejects with an error
  }
}
