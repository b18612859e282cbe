import { type RequestFacts, requestState } from './request-state.ts'

/** The facts of this request: one object for all contexts that are made over it. */
export function factsOf(ctx: { readonly state: object }): RequestFacts {
  const state = requestState(ctx)
  state.facts ??= {}
  return state.facts
}

/** The id of an interaction stands behind one of these, whatever it looks like. */
const BEFORE_IDS = ['interaction', 'authorize', 'device']

/** A path as it may be logged: parts that could be a token, a key or an e-mail address are masked. */
export function maskPath(path: string): string {
  return path
    .split('/')
    .map((segment, index, all) => (isId(segment, all[index - 1]) || isTelling(segment) ? '[masked]' : segment))
    .join('/')
}

function isId(segment: string, before = ''): boolean {
  return segment !== '' && BEFORE_IDS.includes(before)
}

function isTelling(segment: string): boolean {
  return /@|%40/.test(segment) || segment.length >= 40 || (segment.length >= 16 && /[0-9A-Z]/.test(segment))
}
