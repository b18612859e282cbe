import { setTimeout as pause } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { ordersService, tokensOf } from '../endpoints/client.ts'
import type { ServerProcess } from '../support/server.ts'
import { type Answer, send } from './keep-alive.ts'
import { createPublishedKeys, whyUnverified } from './published-keys.ts'

export type TrafficOptions = {
  readonly nodes: readonly ServerProcess[]
  /** Requests a second in total, at most; fewer where the machine cannot. */
  readonly perSecond: number
  readonly connections: number
  /** Requests after which the traffic ends by itself. */
  readonly maxRequests: number
}

export type Traffic = Awaited<ReturnType<typeof startTraffic>>

export type TrafficFigures = {
  readonly seconds: number
  readonly requests: Readonly<Record<RequestKind, number>>
  /** What went wrong, a sentence each. */
  readonly failures: readonly string[]
  /** Tokens verified against the key sets of all nodes, by algorithm. */
  readonly verified: Readonly<Record<string, number>>
  readonly signers: ReadonlySet<string>
  readonly p99Ms: number
}

type RequestKind = 'token' | 'refresh' | 'jwks' | 'introspect'
type Worker = { refreshToken: string | undefined }

/**
 * Steady traffic over all nodes. Each token is looked up on every node the moment it is received: the key sets are
 * fetched after it, from all nodes at once, and jose has to verify it by each of them; then another node introspects it.
 */
export async function startTraffic(options: TrafficOptions) {
  const { nodes, connections } = options
  const book = createBook()
  const keySets = createPublishedKeys(nodes.map(({ url }) => url))
  const issuer = String(nodes[0]?.settings.ISSUER)
  let isDone = false
  let round = 0

  const ask = (kind: RequestKind, work: () => Promise<Answer>) => book.request(kind, work)
  const urlOf = (number: number) => nodes[number % nodes.length]?.url ?? ''

  async function verifyEverywhere(token: string): Promise<void> {
    const { alg, kid } = decodeProtectedHeader(token)
    // Nodes that publish the same text have the same answer; it is found once.
    const verdicts = new Map<unknown, ReturnType<typeof whyUnverified>>()
    const published = keySets.map(async (fetchKeys, index) => {
      let keys: Awaited<ReturnType<typeof fetchKeys>>['keys']
      await ask('jwks', async () => {
        const fetched = await fetchKeys()
        keys = fetched.keys
        return fetched.answer
      })
      const verdict = verdicts.get(keys) ?? whyUnverified(token, keys, issuer)
      verdicts.set(keys, verdict)
      const reason = await verdict
      if (reason) book.fail(`a token signed by ${alg} ${kid} does not verify by the keys of node ${index}: ${reason}`)
    })
    await Promise.all(published)
    book.verified(String(alg), String(kid))
  }

  async function oneRound(worker: Worker): Promise<void> {
    const number = round++
    const isRefresh = worker.refreshToken !== undefined && number % 2 === 0
    const answer = isRefresh
      ? await ask('refresh', () => refreshAt(urlOf(number), worker.refreshToken ?? ''))
      : await ask('token', () => send(`${urlOf(number)}/token`, { headers: ordersService, form: CLIENT_CREDENTIALS }))
    if (answer?.status !== 200) return
    const { access_token, id_token, refresh_token } = JSON.parse(answer.text) as Record<string, string>
    if (refresh_token) worker.refreshToken = refresh_token
    await Promise.all([access_token, id_token].flatMap((token) => (token ? [verifyEverywhere(token)] : [])))
    const form = { token: access_token ?? '' }
    const seen = await ask('introspect', () =>
      send(`${urlOf(number + 1)}/introspect`, { headers: ordersService, form }),
    )
    if (seen && !seen.text.includes('"active":true')) book.fail(`introspection does not know a new token: ${seen.text}`)
  }

  async function work(worker: Worker): Promise<void> {
    while (!isDone && book.total() < options.maxRequests) {
      const ahead = book.total() / options.perSecond - (performance.now() - startedMs) / 1000
      if (ahead > 0) await pause(ahead * 1000)
      await oneRound(worker)
    }
  }

  // One sign-in a connection, before the clock starts and one by one: a burst of logins would be locked out.
  const workers: Worker[] = []
  while (workers.length < connections) {
    const { refresh_token } = await tokensOf(urlOf(workers.length), { scope: 'openid customer' })
    workers.push({ refreshToken: refresh_token })
  }
  const startedMs = performance.now()
  const working = Promise.all(workers.map(work))
  return {
    /** Requests answered so far. */
    total: book.total,
    /** Tokens so far by algorithm, and the keys that signed them. */
    seen: book.seen,
    async stop(): Promise<TrafficFigures> {
      isDone = true
      await working
      return { ...book.figures(), seconds: (performance.now() - startedMs) / 1000 }
    },
  }
}

const CLIENT_CREDENTIALS = { grant_type: 'client_credentials' }

function refreshAt(url: string, refreshToken: string): Promise<Answer> {
  return send(`${url}/token`, {
    form: { grant_type: 'refresh_token', client_id: 'frontend', refresh_token: refreshToken },
  })
}

/** Keeps count of what was asked, how long it took and what went wrong. */
function createBook() {
  const requests: Record<RequestKind, number> = { token: 0, refresh: 0, jwks: 0, introspect: 0 }
  const verified: Record<string, number> = {}
  const signers = new Set<string>()
  const failures: string[] = []
  const durationsMs: number[] = []

  return {
    fail: (reason: string) => void failures.push(reason),
    total: () => durationsMs.length,
    seen: () => ({ verified, signers }),
    verified(alg: string, kid: string) {
      verified[alg] = (verified[alg] ?? 0) + 1
      signers.add(kid)
    },
    async request(kind: RequestKind, work: () => Promise<Answer>): Promise<Answer | undefined> {
      const sentMs = performance.now()
      const answer = await work().catch((error: Error) => void failures.push(`${kind}: ${error.message}`))
      requests[kind]++
      durationsMs.push(performance.now() - sentMs)
      if (!answer) return undefined
      if (answer.status !== 200 && answer.status !== 304) failures.push(`${kind}: ${answer.status} ${answer.text}`)
      return answer
    },
    figures: () => {
      const sorted = durationsMs.toSorted((a, b) => a - b)
      return { requests, verified, signers, failures, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
    },
  }
}
