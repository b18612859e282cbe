import type { Plan } from './turn.ts'

/** What a connection sends; undefined when it has nothing left to send. */
export type Source = {
  next(): Buffer | string | undefined
  /** Learns from an answer what the next request needs. */
  answered(body: Buffer): void
}

/** Makes the source of each connection from a plan; connections of a `once` plan share what there is. */
export function createSources(plan: Plan): (connection: number) => Source {
  switch (plan.kind) {
    case 'same': {
      const request = Buffer.from(plan.request)
      return () => ({ next: () => request, answered: () => {} })
    }
    case 'once': {
      let sent = 0
      return () => ({ next: () => plan.requests[sent++], answered: () => {} })
    }
    case 'chain':
      return (connection) => chain(plan, plan.tokens[connection])
  }
}

function chain(plan: Extract<Plan, { kind: 'chain' }>, first: string | undefined): Source {
  let token = first
  return {
    next() {
      if (token === undefined) return undefined
      const body = `${plan.beforeToken}${encodeURIComponent(token)}${plan.afterToken}`
      return `${plan.head}${Buffer.byteLength(body)}\r\n\r\n${body}`
    },
    answered(body) {
      token = memberOf(body, plan.member)
    },
  }
}

/** The value of a member of a JSON document whose value is a text without escapes, as tokens are. */
export function memberOf(body: Buffer, member: string): string | undefined {
  const opening = `"${member}":"`
  const at = body.indexOf(opening)
  if (at < 0) return undefined
  const start = at + opening.length
  return body.toString('latin1', start, body.indexOf('"', start))
}
