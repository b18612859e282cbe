import type { Middleware } from 'koa'
import { messageOf } from '../thrown.ts'

export type HealthCheck = { readonly name: string; check(): Promise<void> }

export type CheckResult = {
  readonly name: string
  readonly status: 'up' | 'down'
  /** What it said; for operators, never for the probes, which are public. */
  readonly problem?: string
}

export type Readiness = {
  readonly isReady: boolean
  readonly results: readonly CheckResult[]
}

const CHECK_TIMEOUT_MS = 1000

/** Asks everything a request may need, each for a second at most. */
export async function checkReadiness(checks: readonly HealthCheck[]): Promise<Readiness> {
  const results = await Promise.all(checks.map(run))
  return { isReady: results.every(({ status }) => status === 'up'), results }
}

/**
 * `/health/live`: this process answers; restart it if not. `/health/ready`: it can do its work now; send it no
 * traffic if not. A lost database makes a node unready, never dead: restarting would mend nothing.
 */
export function health({
  checks,
  isDraining,
}: {
  checks: readonly HealthCheck[]
  isDraining: () => boolean
}): Middleware {
  return async function answerHealth(ctx, next) {
    if (ctx.path !== '/health/live' && ctx.path !== '/health/ready') return next()
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD, OPTIONS')
      ctx.status = ctx.method === 'OPTIONS' ? 204 : 405
      if (ctx.status === 405) ctx.body = { status: 'method not allowed' }
      return
    }
    ctx.set('Cache-Control', 'no-store')
    if (ctx.path === '/health/live') {
      ctx.body = { status: 'live' }
      return
    }
    const { isReady, results } = await checkReadiness(checks)
    ctx.status = isReady && !isDraining() ? 200 : 503
    ctx.body = {
      status: isDraining() ? 'draining' : isReady ? 'ready' : 'not ready',
      checks: Object.fromEntries(results.map(({ name, status }) => [name, status])),
    }
  }
}

async function run({ name, check }: HealthCheck): Promise<CheckResult> {
  const timeout = AbortSignal.timeout(CHECK_TIMEOUT_MS)
  const expired = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(new Error('timed out')), { once: true })
  })
  try {
    await Promise.race([check(), expired])
    return { name, status: 'up' }
  } catch (error) {
    return { name, status: 'down', problem: messageOf(error) }
  }
}
