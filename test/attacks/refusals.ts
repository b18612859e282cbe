import type { Login } from '../endpoints/client.ts'

/** What a caller sees of an answer. What differs from request to request by design is left out. */
export type SeenAnswer = {
  readonly status: number
  readonly reason: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** Different for each request whatever the answer: the clock, and the id to find it in the log. */
const OF_THE_REQUEST = ['date', 'x-request-id', 'keep-alive']

/**
 * An answer as a caller who compares answers would see it: the login it repeats, the request id, ids that were made for it and the
 * time of day are masked.
 */
export async function seen(response: Response, { username }: Login): Promise<SeenAnswer> {
  const requestId = response.headers.get('x-request-id') ?? '(none)'
  const mask = (text: string) =>
    text
      .replaceAll(username, '(login)')
      .replaceAll(encodeURIComponent(username), '(login)')
      .replaceAll(requestId, '(id)')
      .replace(/(?<="id":)\d+/, '(number)')
      // Of the passkey form: new with each page.
      .replaceAll(/(?<=&quot;challenge&quot;:&quot;)[\w-]+/g, '(challenge)')
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(uuid)')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?/g, '(now)')
      .replace(/(?<=; expires=)[^;]+/, '(then)')
  return {
    status: response.status,
    reason: response.statusText,
    headers: [...response.headers]
      .filter(([name]) => !OF_THE_REQUEST.includes(name))
      .map(([name, value]) => [name, mask(value)] as const),
    body: mask(await response.text()),
  }
}

/** Customers of each kind a stranger might want to tell apart; the names are equally long, so that answers are too. */
export const KINDS = ['unknown', 'wrong00', 'blocked', 'noword0', 'unconfd'] as const
export type Kind = (typeof KINDS)[number]

/** The right password of all of them that have one. */
export const PASSWORD = 'a password of theirs'

/** How each kind is tried: the blocked one with the right password, the others with a wrong one. */
export function loginOf(kind: Kind): Login {
  return { username: `${kind}@example.com`, password: kind === 'blocked' ? PASSWORD : 'not their password' }
}

/** The customers as lines of the import format; `password` is the hash of `PASSWORD`. */
export function customerLines(password: { readonly scheme: string; readonly hash: string }): string {
  return KINDS.filter((kind) => kind !== 'unknown')
    .map((kind) =>
      JSON.stringify({
        email: loginOf(kind).username,
        customerReference: `SEEN--${kind}`,
        emailVerified: kind !== 'unconfd',
        status: kind === 'blocked' ? 'blocked' : 'active',
        ...(kind !== 'noword0' && { password }),
      }),
    )
    .join('\n')
}

/** A middle and a late value of `durationsMs`. */
export function quantiles(durationsMs: readonly number[]): { readonly p50: number; readonly p95: number } {
  const sorted = [...durationsMs].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p95: at(0.95) }
}

/**
 * How often a stranger who times one answer of each kind would be right to call the slower one the second: 0.5 when
 * times tell nothing (the statistic of Mann and Whitney over the number of pairs).
 */
export function tellingApart(firstMs: readonly number[], secondMs: readonly number[]): number {
  let wins = 0
  for (const first of firstMs) for (const second of secondMs) wins += second > first ? 1 : second === first ? 0.5 : 0
  return wins / (firstMs.length * secondMs.length)
}

/** Tries each kind in each round, in an order that changes, so that the machine's moods meet all of them alike. */
export async function timeKinds(
  tries: number,
  attempt: (login: Login) => Promise<Response>,
): Promise<Record<Kind, readonly number[]>> {
  const durationsMs = Object.fromEntries(KINDS.map((kind) => [kind, [] as number[]])) as Record<Kind, number[]>
  for (let round = 0; round < tries; round++) {
    for (const kind of shuffled(KINDS)) {
      const startedMs = performance.now()
      const response = await attempt(loginOf(kind))
      await response.arrayBuffer()
      durationsMs[kind].push(performance.now() - startedMs)
    }
  }
  return durationsMs
}

/** What one answer leaves behind must not always meet the same kind next. */
function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value)
}
