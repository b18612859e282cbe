/** What the resource server tells its operator. Stable names: alert on those of level `error`. */
export type EventName =
  | 'started'
  | 'issuer.plain-http'
  | 'dpop.no-public-url'
  | 'keys.unreachable'
  | 'keys.recovered'
  | 'feed.absent'
  | 'feed.unreachable'
  | 'feed.refused-page'
  | 'feed.unknown-kind'
  | 'feed.rewound'
  | 'feed.full'
  | 'feed.blind'
  | 'feed.recovered'
  | 'status-list.unreachable'
  | 'introspection.unreachable'
  | 'dpop.replay-store-full'
  | 'unreachable.accepted'
  | 'unreachable.refused'
  | 'token.refused'

export type ResourceServerEvent = {
  readonly event: EventName
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** How often it happened since it was last told; events of single requests are told every ten seconds at most. */
  readonly times?: number
  readonly [more: string]: unknown
}

export type Emit = (event: ResourceServerEvent) => void

const QUIET_MS = 10_000

/** Writes warnings and errors to the console, a line each. */
export function logToConsole(event: ResourceServerEvent): void {
  const { level, message, ...rest } = event
  const line = `[resource-server] ${message} ${JSON.stringify(rest)}`
  if (level === 'error') console.error(line)
  else if (level === 'warn') console.warn(line)
}

/** Hands events on; a listener that throws breaks no request. */
export function safely(listener: Emit): Emit {
  return (event) => {
    try {
      listener(event)
    } catch (error) {
      console.error('[resource-server] onEvent threw', error)
    }
  }
}

/** Tells the same event every ten seconds at most, and how often it happened meanwhile. */
export function createQuietEmit(emit: Emit, now: () => number): Emit {
  const told = new Map<EventName, { atMs: number; times: number }>()
  return (event) => {
    const last = told.get(event.event)
    if (last && now() - last.atMs < QUIET_MS) {
      last.times += 1
      return
    }
    told.set(event.event, { atMs: now(), times: 0 })
    emit({ ...event, times: 1 + (last?.times ?? 0) })
  }
}
