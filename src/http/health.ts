import type { Middleware } from 'koa'

export type HealthCheck = { readonly name: string; check(): Promise<void> }

const CHECK_TIMEOUT_MS = 1000

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
      ctx.set('Allow', 'GET, HEAD')
      ctx.status = 405
      ctx.body = { status: 'method not allowed' }
      return
    }
    ctx.set('Cache-Control', 'no-store')
    if (ctx.path === '/health/live') {
      ctx.body = { status: 'live' }
      return
    }
    const results = await Promise.all(checks.map(run))
    const isReady = !isDraining() && results.every((result) => result.status === 'up')
    ctx.status = isReady ? 200 : 503
    ctx.body = {
      status: isDraining() ? 'draining' : isReady ? 'ready' : 'not ready',
      checks: Object.fromEntries(results.map(({ name, status }) => [name, status])),
    }
  }
}

async function run({ name, check }: HealthCheck): Promise<{ name: string; status: 'up' | 'down' }> {
  const timeout = AbortSignal.timeout(CHECK_TIMEOUT_MS)
  const expired = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(new Error('timed out')), { once: true })
  })
  try {
    await Promise.race([check(), expired])
    return { name, status: 'up' }
  } catch {
    return { name, status: 'down' }
  }
}
