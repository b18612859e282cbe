import type { Context } from 'koa'

/** What is learnt about a request on its way, for the log and the trace: who asked for what, in kinds. */
export type RequestFacts = {
  clientId?: string
  grantType?: string
  /** The shop system's token API that answered, and which of its endpoints. */
  dialect?: string
  endpoint?: string
  traceId?: string
}

/** The facts of this request: one object for all contexts that are made over it. */
export function factsOf({ state }: Pick<Context, 'state'>): RequestFacts {
  state.facts ??= {}
  return state.facts as RequestFacts
}

/** A path as it may be written down: whatever could be a token, a key or somebody's address is masked. */
export function maskPath(path: string): string {
  return path
    .split('/')
    .map((segment) => (isTelling(segment) ? '[masked]' : segment))
    .join('/')
}

function isTelling(segment: string): boolean {
  return /@|%40/.test(segment) || segment.length >= 40 || (segment.length >= 16 && /[0-9A-Z]/.test(segment))
}
