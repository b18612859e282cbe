import { Agent, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { ordersService, tokensOf } from '../endpoints/client.ts'

export type LoadFigures = {
  readonly seconds: number
  readonly answered: number
  /** How often the server asked a client to open another connection. */
  readonly connectionsEnded: number
  /** What went wrong, a sentence each. */
  readonly failures: readonly string[]
}

const PAUSE_MS = 4

/**
 * Clients that each keep one connection and send one request after the other: a refresh, an introspection of what came
 * of it, the key set. Nothing is sent twice: what fails is a failure.
 */
export async function startSteadyLoad(url: string, { clients }: { readonly clients: number }) {
  const failures: string[] = []
  let [answered, connectionsEnded, isOver] = [0, 0, false]

  async function work(firstRefreshToken: string): Promise<void> {
    const options = { keepAlive: true, maxSockets: 1 }
    const agent = url.startsWith('https:') ? new TlsAgent(options) : new Agent(options)
    let refreshToken = firstRefreshToken
    const ask = async (path: string, form?: Record<string, string>, headers = {}) => {
      try {
        const { status, text, isLast } = await send(agent, `${url}${path}`, form, headers)
        answered++
        if (isLast) connectionsEnded++
        if (status === 200) return text
        failures.push(`${path}: ${status} ${text}`)
      } catch (error) {
        failures.push(`${path}: ${(error as NodeJS.ErrnoException).code ?? error}`)
      }
      return undefined
    }
    while (!isOver) {
      const tokens = await ask('/token', {
        grant_type: 'refresh_token',
        client_id: 'frontend',
        refresh_token: refreshToken,
      })
      if (tokens) {
        const { access_token, refresh_token } = JSON.parse(tokens) as Record<string, string>
        refreshToken = refresh_token ?? ''
        const seen = await ask('/introspect', { token: access_token ?? '' }, ordersService)
        if (seen && !seen.includes('"active":true')) failures.push(`a token that was just issued: ${seen}`)
      }
      await ask('/jwks')
      await pause(PAUSE_MS)
    }
    agent.destroy()
  }

  const signedIn: string[] = []
  while (signedIn.length < clients) signedIn.push((await tokensOf(url)).refresh_token)
  const startedMs = performance.now()
  const working = Promise.all(signedIn.map(work))
  return {
    answered: () => answered,
    failures: () => failures,
    async stop(): Promise<LoadFigures> {
      isOver = true
      await working
      return { seconds: (performance.now() - startedMs) / 1000, answered, connectionsEnded, failures }
    },
  }
}

type Answer = { readonly status: number; readonly text: string; readonly isLast: boolean }

function send(agent: Agent, url: string, form: Record<string, string> | undefined, headers: object): Promise<Answer> {
  const body = form && new URLSearchParams(form).toString()
  const type = body && { 'content-type': 'application/x-www-form-urlencoded' }
  const start = url.startsWith('https:') ? tlsRequest : request
  return new Promise((resolve, reject) => {
    const sent = start(url, { agent, method: body ? 'POST' : 'GET', headers: { ...headers, ...type } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('error', reject)
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text, isLast: answer.headers.connection === 'close' }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** One line for the test's output. */
export function describeLoad(what: string, { seconds, answered, connectionsEnded, failures }: LoadFigures): string {
  const rate = Math.round(answered / seconds)
  return `${what}: ${answered} requests in ${seconds.toFixed(1)} s (${rate}/s), ${failures.length} failed, ${connectionsEnded} connections handed over`
}
