import { expect, test } from 'vitest'
import { introspect, read, requestTokens } from '../endpoints/client.ts'
import { noteMeasured } from '../support/failure-table.ts'
import { waitFor } from '../support/wait-for.ts'
import type { Endpoint } from './endpoints.ts'

/** The promise is 1.5 s; a machine that runs other tests beside may take a little longer to notice. */
const ANSWER_LIMIT_MS = 1900
const RETURN_LIMIT_MS = 5000

/** What one test measures of a failure; it becomes a row of the table at the end of the run. */
export type Measuring = { slowestMs?: number; backMs?: number }

/** A test of one row of docs/failure-modes.md: `failure` is the name of the row, `promise` what holds all the same. */
export function testFailure(
  failure: string,
  promise: string,
  run: (measuring: Measuring) => Promise<void>,
  deadlineMs = 120_000,
): void {
  test(
    `${failure}: ${promise}`,
    async () => {
      const measuring: Measuring = {}
      let isKept = false
      try {
        await run(measuring)
        isKept = true
      } finally {
        noteMeasured({ failure, ...measuring, isKept })
      }
    },
    deadlineMs,
  )
}

/**
 * Every endpoint that needs what is away is asked at once: 503 with Retry-After, in time, and never a guess. What needs
 * neither storage nor database goes on.
 */
export async function expectUnavailable(
  url: string,
  endpoints: readonly Endpoint[],
  measuring: Measuring,
): Promise<void> {
  await expectRefused(endpoints, measuring)
  await expectOthersGoOn(url)
  expect((await fetch(`${url}/health/ready`)).status).toBe(503)
}

/** All of `endpoints` are asked at once: 503 with Retry-After, in time, and never a guess. */
export async function expectRefused(endpoints: readonly Endpoint[], measuring: Measuring): Promise<void> {
  const answers = await Promise.all(endpoints.map(ask))
  const expected = { status: 503, retryAfter: '1', saysActive: false }
  expect(answers.map(({ name, given }) => ({ name, ...given }))).toEqual(
    endpoints.map(({ name }) => ({ name, ...expected })),
  )
  const slowest = answers.toSorted((a, b) => b.tookMs - a.tookMs)[0]
  expect(slowest?.tookMs, `the slowest, ${slowest?.name}`).toBeLessThan(ANSWER_LIMIT_MS)
  measuring.slowestMs = Math.max(measuring.slowestMs ?? 0, Math.round(slowest?.tookMs ?? 0))
}

async function ask({ name, send }: Endpoint) {
  const startedMs = performance.now()
  const { status, headers, text } = await read(send())
  const tookMs = performance.now() - startedMs
  const given = { status, retryAfter: headers.get('retry-after'), saysActive: /"active":\s*true/.test(text) }
  // The browser is sent back to the client, which is told (RFC 6749 §4.1.2.1): a redirect has no Retry-After.
  const isTold = headers.get('location')?.includes('error=temporarily_unavailable')
  return { name, tookMs, given: isTold ? { ...given, status: 503, retryAfter: '1' } : given }
}

/** What needs neither storage nor database. */
export async function expectOthersGoOn(url: string): Promise<void> {
  const paths = [
    '/jwks',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/health/live',
  ]
  for (const path of paths) {
    const startedMs = performance.now()
    expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200])
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS)
  }
}

/** Waits until customers can sign in and services introspect again, without a restart of the server. */
export async function expectReturn(url: string, measuring: Measuring): Promise<void> {
  const startedMs = performance.now()
  await waitFor(
    async () => {
      const { status, body } = await read(requestTokens(url))
      return status === 200 && (await introspect(url, body.access_token)).active
    },
    { deadlineMs: 20_000, what: 'the server to work again' },
  )
  measuring.backMs = Math.round(performance.now() - startedMs)
  expect(measuring.backMs).toBeLessThan(RETURN_LIMIT_MS)
}
