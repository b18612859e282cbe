import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { LOG_EVENTS, type LogEvent, type LogEventAt, type LogLevel } from './log/events.ts'

/** Writes one line. It names an event of the list, whose sentence is the text of the line. */
type WriteEvent<Level extends LogLevel> = (
  line: { readonly event: LogEventAt<Level> } & Record<string, unknown>,
) => void

/** The log of one process, or of one of its workers. From warn up a line is an event of `LOG_EVENTS`. */
export type Log = Pick<Logger, 'info' | 'debug'> & {
  readonly warn: WriteEvent<'warn'>
  readonly error: WriteEvent<'error'>
  child(bindings: Readonly<Record<string, unknown>>): Log
}

/** Anything that could sign a person in. A value under one of these names never reaches a log line. */
const SECRET_FIELDS = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'code',
  'code_verifier',
  'client_secret',
  'client_assertion',
  'authorization',
  'cookie',
  'secret',
]

/** Of an error only this is logged: a driver hangs the values of the failed query on it, and those are people's. */
type LoggedError = { type: string; message: string; code?: unknown; stack?: string; cause?: LoggedError }

/** What systems, drivers and the database call their failures: `ECONNREFUSED`, `ERR_INVALID_URL`, `57P03`. */
const FAILURE_CODE = /^(?:[A-Z][A-Z0-9_]{2,39}|[0-9A-Z]{5})$/
const MASK = '[masked]'

/** JSON lines on standard output; secrets are masked at any of the first three levels of an object. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: mask },
    hooks: {
      logMethod([line, text], write) {
        // Lines are objects; which members they have is for the caller to say.
        const { event } = line as { readonly event?: unknown }
        write.call(this, line, text ?? (isLogEvent(event) ? LOG_EVENTS[event].happened : undefined))
      },
    },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** A log whose lines also say what `context` knows when they are written; what a line says itself comes first. */
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
  }
}

/** Names of failures, apart from texts under the same name: the library that masks does not say whose member it looks at. */
const failureCodes = new WeakSet<object>()

function describeCode(code: unknown): unknown {
  if (!FAILURE_CODE.test(String(code))) return MASK
  const described = { toJSON: () => code }
  failureCodes.add(described)
  return described
}

function mask(value: unknown): unknown {
  return typeof value === 'object' && value !== null && failureCodes.has(value) ? value : MASK
}

function isLogEvent(name: unknown): name is LogEvent {
  return typeof name === 'string' && Object.hasOwn(LOG_EVENTS, name)
}

function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const { name, message, stack, code, cause } = error as NodeJS.ErrnoException // a system error has a code
  return {
    type: name,
    message,
    ...(code !== undefined && { code: describeCode(code) }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}
