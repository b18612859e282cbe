import type { Middleware } from 'koa'
import { insideQuotes, membersText } from '../json-text.ts'
import type { Log } from '../log.ts'
import { factsOf, maskPath } from './request-facts.ts'
import { type RequestFacts, requestState } from './request-state.ts'

export type AccessLine = {
  readonly requestId: string
  readonly method: string
  /** Without the query, which may carry codes and hints; what could be a token in a path is masked. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  readonly ip: string
  readonly facts: RequestFacts
}

/** Writes the lines of a listener, with what `said` says of it. By hand: it is done for every request. */
export function writeAccessLines(
  log: Pick<Log, 'infoMembers'>,
  said: Readonly<Record<string, string>> = {},
): (line: AccessLine) => void {
  const saidText = membersText(said)
  return ({ requestId, method, path, status, durationMs, ip, facts }) => {
    const asked = insideQuotes(path)
    log.infoMembers(
      `,"requestId":"${insideQuotes(requestId)}"${factText('signIn', facts.signIn)}` +
        `,"method":"${method}","path":"${asked}","status":${status},"durationMs":${durationMs}` +
        `,"ip":"${insideQuotes(ip)}"${otherFactsText(facts)}${saidText},"msg":"${method} ${asked} ${status}"`,
    )
  }
}

/** The facts of a request except its sign-in, which stands beside the request's id. */
function otherFactsText(facts: RequestFacts): string {
  let text = ''
  const names = Object.keys(facts) as (keyof RequestFacts)[] // its own
  for (const name of names) if (name !== 'signIn') text += factText(name, facts[name])
  return text
}

function factText(name: keyof RequestFacts, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":"${insideQuotes(value)}"`
}

/** Reports each finished request once. */
export function accessLog(report: (line: AccessLine) => void): Middleware {
  return async function logAccess(ctx, next) {
    const startedMs = performance.now()
    const { method, path } = ctx
    const facts = factsOf(ctx)
    try {
      await next()
    } finally {
      report({
        requestId: requestState(ctx).requestId,
        method,
        path: maskPath(path),
        status: ctx.status,
        durationMs: Math.round((performance.now() - startedMs) * 10) / 10,
        ip: ctx.ip,
        facts,
      })
    }
  }
}
