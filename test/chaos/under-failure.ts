import { afterAll, expect } from 'vitest'
import { introspect, read, refresh, requestTokens, revoke, userinfo } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'

type Row = { failure: string; meanwhile: string; 'slowest 503 (ms)': number | string; 'back after (ms)': number }
type Held = { readonly access_token: string; readonly refresh_token: string }

/** The promise is 1.5 s; a machine that runs other tests beside may take a little longer to notice. */
const ANSWER_LIMIT_MS = 1900
const RETURN_LIMIT_MS = 5000
const ordersService = basicAuth('orders-service', 'orders-service-secret')
const rows: Row[] = []

/** Prints what this file measured, once it is done. */
export function printFailureTable(): void {
  afterAll(() => console.table(rows))
}

/** Every door that needs what is away: 503 with Retry-After, in time, and never a guess; the others go on. */
export async function expectUnavailable(url: string, held: Held, { reads = true } = {}): Promise<number> {
  const doors: (() => Promise<Response>)[] = [
    () => requestTokens(url),
    () => refresh(url, held.refresh_token),
    () => revoke(url, held.refresh_token),
    ...(reads
      ? [
          () => postForm(`${url}/introspect`, { token: held.access_token }, ordersService),
          () => userinfo(url, held.access_token),
        ]
      : []),
  ]
  let slowestMs = 0
  for (const door of doors) {
    const startedMs = performance.now()
    const { status, headers, body } = await read(door())
    slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    expect([status, body?.error, headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', '1'])
  }
  expect(slowestMs).toBeLessThan(ANSWER_LIMIT_MS)
  await expectOthersGoOn(url)
  return Math.round(slowestMs)
}

/** What needs neither storage nor database. */
export async function expectOthersGoOn(url: string): Promise<void> {
  for (const path of ['/jwks', '/.well-known/openid-configuration', '/health/live']) {
    const startedMs = performance.now()
    expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200])
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS)
  }
  expect((await fetch(`${url}/health/ready`)).status).toBe(503)
}

/** Waits until customers can sign in and services introspect again, without a restart; adds a row to the table. */
export async function expectReturn(url: string, failure: string, meanwhile: string, slowestMs?: number): Promise<void> {
  const startedMs = performance.now()
  await waitFor(
    async () => {
      const { status, body } = await read(requestTokens(url))
      return status === 200 && (await introspect(url, body.access_token)).active
    },
    { deadlineMs: 20_000, what: `the server to work again after: ${failure}` },
  )
  const backMs = Math.round(performance.now() - startedMs)
  rows.push({ failure, meanwhile, 'slowest 503 (ms)': slowestMs ?? '–', 'back after (ms)': backMs })
  expect(backMs).toBeLessThan(RETURN_LIMIT_MS)
}
