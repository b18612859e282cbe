/** Anything that could sign a person in. A value under one of these names never reaches a log line. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
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
])
const LEVELS = 3
const MASK = '[masked]'

/** What systems, drivers and the database call their failures: `ECONNREFUSED`, `ERR_INVALID_URL`, `57P03`. */
const FAILURE_CODE = /^(?:[A-Z][A-Z0-9_]{2,39}|[0-9A-Z]{5})$/

/** Of an error only this is logged: a driver hangs the values of the failed query on it, and those are people's. */
type LoggedError = { type: string; message: string; code?: unknown; stack?: string; cause?: LoggedError }

/** A line with its secrets masked at any of the first three levels, and its errors described: itself where it has neither. */
export function maskLine(line: Record<string, unknown>): Record<string, unknown> {
  const masked = maskMembers(line, LEVELS)
  return line.err !== undefined ? { ...masked, err: describeError(line.err) } : masked
}

function maskMembers<Members extends object>(members: Members, levels: number): Members {
  let copy: Members | undefined
  for (const name of Object.keys(members)) {
    const value = members[name as keyof Members] // its own names
    const masked = maskMember(name, value, levels)
    if (masked === value) continue
    copy ??= (Array.isArray(members) ? [...members] : { ...members }) as Members // with the same members
    Object.assign(copy, { [name]: masked })
  }
  return copy ?? members
}

function maskMember(name: string, value: unknown, levels: number): unknown {
  if (SECRET_MEMBERS.has(name)) return value === undefined ? undefined : MASK
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value)
  return levels > 1 ? maskMembers(value, levels - 1) : value
}

function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const { name, message, stack, code, cause } = error as NodeJS.ErrnoException // a system error has a code
  return {
    type: name,
    message,
    ...(code !== undefined && { code: FAILURE_CODE.test(String(code)) ? code : MASK }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}
