import { causeOf, codeOf, messageOf } from '../../thrown.ts'

/** What a look at one thing came to; of a bad one the detail says how to mend it. */
export type Finding = { readonly check: string; readonly isWell: boolean; readonly detail: string }

export function ok(check: string, detail: string): Finding {
  return { check, isWell: true, detail }
}

export function bad(check: string, detail: string): Finding {
  return { check, isWell: false, detail }
}

const TIMEOUT_MS = 3000

/** The answer, or in a word why there is none. */
export async function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  more: Pick<RequestInit, 'method' | 'body' | 'redirect'> = {},
): Promise<Response | string> {
  try {
    return await fetch(url, { ...more, headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    return codeOf(causeOf(error)) ?? messageOf(error)
  }
}
