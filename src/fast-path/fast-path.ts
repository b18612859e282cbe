import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessLine } from '../http/access-log.ts'
import type { Networks } from '../http/address.ts'
import type { MeasuredRequest } from '../http/measure-requests.ts'
import { runAsRequest } from '../http/request-id.ts'
import type { RequestFacts } from '../http/request-state.ts'
import { issuerPath, METADATA } from '../http/routing/issuer-path.ts'
import type { HeaderList } from '../http/security-headers.ts'
import { noteFailure } from '../oauth/failed-requests.ts'
import { AlreadyActed, type Asking, type FastAnswer, type FastEndpoint } from './endpoint.ts'
import { hasForm, peekForm } from './form.ts'
import { createOpenRequest, type FastRequest } from './request.ts'
import { type Form, formFits, headersFit } from './rule.ts'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

export type FastPathDeps = {
  readonly issuer: string
  readonly trustedProxies: Networks
  /** Headers that mean something to this server's settings: a request with one of them is the engine's. */
  readonly alsoWithoutHeaders: readonly string[]
  /** Whether a request is for a host of a dialect. */
  readonly isElsewhere: (request: IncomingMessage) => boolean
  readonly securityHeaders: HeaderList
  /** Runs what asks the stores, with the time that a request gives them. */
  readonly withinLimits: <T>(run: () => Promise<T>) => Promise<T>
  /** Absent where no line is written of a request that went well. */
  readonly log: ((line: AccessLine) => void) | undefined
  readonly measure: (request: MeasuredRequest) => void
}

const NO_FORM: Form = {}
const NO_FACTS: RequestFacts = {}

/**
 * Answers the commonest requests at the listener itself, by the same rules and functions as the engine, and hands over every
 * other one untouched. What a fast answer costs is what it says: no middleware, no context, no router.
 */
export function createFastPath(endpoints: readonly FastEndpoint[], deps: FastPathDeps): (handle: Handle) => Handle {
  const { issuer, trustedProxies, alsoWithoutHeaders, isElsewhere, securityHeaders, withinLimits, log, measure } = deps
  const openRequest = createOpenRequest({ trustedProxies })
  const byTarget = targetsOf(endpoints, issuerPath(issuer))

  function give(response: ServerResponse, { state }: FastRequest, { headers, body }: FastAnswer): void {
    const length = String(Buffer.byteLength(body))
    const all = ['X-Request-Id', state.requestId, ...securityHeaders, ...headers, 'Content-Length', length]
    response.writeHead(200, all).end(body)
  }

  function note(incoming: IncomingMessage, { state, ip }: FastRequest, route: string, startedMs: number): void {
    const durationMs = performance.now() - startedMs
    log?.({
      requestId: state.requestId,
      method: String(incoming.method),
      path: String(incoming.url),
      status: 200,
      durationMs: Math.round(durationMs * 10) / 10,
      ip,
      facts: state.facts ?? NO_FACTS,
    })
    measure({ route, status: '2xx', seconds: durationMs / 1000 })
  }

  return (handle) => (incoming, response) => {
    const startedMs = performance.now()
    const there = endpointsAt(byTarget, incoming)
    const first = there?.[0]
    const mayAnswer = first && headersFit(first.rule, incoming.headers, alsoWithoutHeaders) && !isElsewhere(incoming)
    if (!there || !mayAnswer) return void handle(incoming, response)

    if (!('form' in first)) {
      const request = openRequest(incoming, NO_FORM)
      const answer = first.answer(request)
      if (!answer) return void handle(incoming, response)
      give(response, request, answer)
      return note(incoming, request, first.route, startedMs)
    }
    if (!hasForm(incoming)) return void handle(incoming, response)
    peekForm(incoming, (form) => {
      const endpoint = form && there.find((each): each is Asking => 'form' in each && formFits(each.form, form))
      if (!form || !endpoint) return void handle(incoming, response)
      const request = openRequest(incoming, form)
      const settle = (answer?: FastAnswer) => {
        if (!answer) return void handle(incoming, response)
        give(response, request, answer)
        note(incoming, request, endpoint.route, startedMs)
      }
      const fail = (error: unknown) => {
        if (error instanceof AlreadyActed) noteFailure(incoming, asError(error.cause))
        settle()
      }
      runAsRequest(request, () => withinLimits(() => endpoint.answer(request))).then(settle, fail)
    })
  }
}

type Targets = ReadonlyMap<string, readonly FastEndpoint[]>

/** Those at a target, or at its path where they take a query. */
function endpointsAt(byTarget: Targets, { method, url = '' }: IncomingMessage): readonly FastEndpoint[] | undefined {
  const exact = byTarget.get(`${method} ${url}`)
  const query = exact ? -1 : url.indexOf('?')
  if (query < 0) return exact
  const there = byTarget.get(`${method} ${url.slice(0, query)}`)
  return there?.[0]?.rule.takesQuery ? there : undefined
}

/** By method and path. Those that share both tell each other apart by their forms. */
function targetsOf(endpoints: readonly FastEndpoint[], prefix: string): Targets {
  const targets = new Map<string, FastEndpoint[]>()
  for (const endpoint of endpoints) {
    for (const path of endpoint.rule.paths.flatMap((each) => targetsBelow(prefix, each))) {
      const target = `${endpoint.rule.method} ${path}`
      targets.set(target, [...(targets.get(target) ?? []), endpoint])
    }
  }
  return targets
}

/** Metadata of an issuer with a path is also where RFC 8414 §3 puts it. */
function targetsBelow(prefix: string, path: string): string[] {
  return prefix !== '' && METADATA.includes(path) ? [prefix + path, path + prefix] : [prefix + path]
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}
