import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { membersText } from './json-text.ts'
import { LOG_EVENTS, type LogEvent, type LogEventAt, type LogLevel } from './log/events.ts'
import { lineTime } from './log/line-time.ts'
import { maskLine } from './log/masking.ts'
import { openStandardOutput } from './log/standard-output.ts'

/** Writes one line. It names an event of the list, whose sentence is the text of the line. */
type WriteEvent<Level extends LogLevel> = (
  line: { readonly event: LogEventAt<Level> } & Record<string, unknown>,
) => void

/** The log of one process, or of one of its workers. From warn up a line is an event of `LOG_EVENTS`. */
export type Log = Pick<Logger, 'info' | 'debug'> & {
  readonly warn: WriteEvent<'warn'>
  readonly error: WriteEvent<'error'>
  child(bindings: Readonly<Record<string, unknown>>): Log
  /** Writes a line at info whose members are JSON, each with a comma before it, and hold no secrets: for each request. */
  readonly infoMembers: (members: string) => void
}

/** JSON lines on standard output; secrets are masked at any of the first three levels of an object. */
export function createLog(level: string, destination: DestinationStream = openStandardOutput()): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${lineTime()}"`,
    // The library's own masking takes twenty times as long as writing the line.
    formatters: { level: (label: string) => ({ level: label }), log: maskLine },
    serializers: { err: (described) => described },
    hooks: {
      logMethod([line, text], write) {
        // Lines are objects; which members they have is for the caller to say.
        const { event } = line as { readonly event?: unknown }
        write.call(this, line, text ?? (isLogEvent(event) ? LOG_EVENTS[event].happened : undefined))
      },
    },
  }
  const log = pino(options, destination)
  const { child } = log
  // Children inherit it. What they are bound to is written once, past the formatters.
  log.child = function maskedChild(this: Logger, bindings: Record<string, unknown>) {
    const bound = child.call(this, maskLine(bindings))
    return Object.assign(bound, { infoMembers: membersWriter(bound, destination) })
  } as typeof child // without the options that nobody gives
  return Object.assign(log, { infoMembers: membersWriter(log, destination) })
}

/** Writes what `log.info` would, without looking at each member. */
function membersWriter(
  log: Pick<Logger, 'isLevelEnabled' | 'bindings'>,
  destination: DestinationStream,
): Log['infoMembers'] {
  if (!log.isLevelEnabled('info')) return () => {}
  const bound = membersText(log.bindings())
  return (members) => destination.write(`{"level":"info","time":"${lineTime()}"${bound}${members}}\n`)
}

/**
 * A log whose lines also say what `context` knows when they are written; what a line says itself comes first.
 * Lines of members stay as they are.
 */
export function inContext(log: Log, context: () => Readonly<Record<string, unknown>>): Log {
  type Write = (line: object, text?: string) => void
  const add = (level: 'info' | 'debug' | 'warn' | 'error') => {
    const write = log[level] as Write // each takes an object, and some only one with an event
    const writeWith: Write = (line, text) => write.call(log, { ...context(), ...line }, text)
    return writeWith as never // of the very type that `log` has at this level
  }
  return {
    info: add('info'),
    debug: add('debug'),
    warn: add('warn'),
    error: add('error'),
    child: (bindings) => inContext(log.child(bindings), context),
    infoMembers: log.infoMembers,
  }
}

function isLogEvent(name: unknown): name is LogEvent {
  return typeof name === 'string' && Object.hasOwn(LOG_EVENTS, name)
}
