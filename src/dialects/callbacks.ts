const TIMEOUT_MS = 5000

/**
 * POSTs JSON once to an address that an operator registered; redirects are not followed.
 *
 * @returns why the call failed; undefined when it was answered with 2xx.
 */
export async function postToCallback(url: string, body: object): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.ok ? undefined : `it answered ${response.status}`
  } catch (error) {
    return `it did not answer (${(error as Error).name})` // fetch rejects with an error
  }
}
