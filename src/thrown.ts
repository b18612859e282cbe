/** The `code` of something that was thrown: a system error's, or the SQLSTATE of a query. */
export function codeOf(error: unknown): string | undefined {
  const code = memberOf(error, 'code')
  return typeof code === 'string' ? code : undefined
}

/** What something that was thrown says about itself. */
export function messageOf(error: unknown): string {
  return String(memberOf(error, 'message') ?? error)
}

/** The error that led to this one. */
export function causeOf(error: unknown): unknown {
  return memberOf(error, 'cause')
}

function memberOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
}
