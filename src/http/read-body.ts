import type { Context, Middleware } from 'koa'

const LIMIT_BYTES = 56 * 1024
const MAX_FIELDS = 100

/** A body that cannot be used; `status` is 400, 413 or 415 and the message may be shown to the caller. */
export class BodyError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * The raw body as text.
 *
 * @throws {BodyError} 413 above the limit, 415 when it is compressed, 400 when it is not UTF-8 or breaks off.
 */
export async function readText(ctx: Context, { limitBytes = LIMIT_BYTES } = {}): Promise<string> {
  refuseEncoding(ctx)
  if ((ctx.request.length ?? 0) > limitBytes) throw tooLarge(limitBytes)
  const chunks: Buffer[] = []
  let received = 0
  try {
    // The connection outlives a refusal, or the client could not read it; what is left unread is dropped after the answer.
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      received += chunk.length
      if (received > limitBytes) throw tooLarge(limitBytes)
      chunks.push(chunk)
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(Buffer.concat(chunks))
  } catch (error) {
    if (error instanceof BodyError) throw error
    throw new BodyError(400, 'the request body is not valid UTF-8 or is incomplete')
  }
}

/**
 * A form's fields; a field may appear once.
 *
 * @throws {BodyError} 415 for another content type, 400 for a repeated field.
 */
export async function readForm(ctx: Context, limits: { limitBytes?: number } = {}): Promise<Record<string, string>> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new BodyError(415, 'the request body must be application/x-www-form-urlencoded')
  }
  // Without a prototype: a field may have any name.
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  const parameters = [...new URLSearchParams(await readText(ctx, limits))]
  if (parameters.length > MAX_FIELDS) throw new BodyError(400, 'the form has too many fields')
  for (const [name, value] of parameters) {
    if (name in fields) throw new BodyError(400, `the field "${name}" must not appear twice`)
    fields[name] = value
  }
  return fields
}

/** Keeps compressed bodies from a library that would take the bytes for the text. */
export function refuseEncodedBodies(): Middleware {
  return function refuseEncodedBody(ctx, next) {
    refuseEncoding(ctx)
    return next()
  }
}

/** No client needs it, and a small body that unpacks to a huge one is an attack (RFC 9110 §8.4, §15.5.16). */
function refuseEncoding(ctx: Context): void {
  const encoding = ctx.get('Content-Encoding').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity' || ctx.method === 'GET' || ctx.method === 'HEAD') return
  ctx.set('Accept-Encoding', 'identity')
  throw new BodyError(415, 'the request body must not be compressed: leave out Content-Encoding')
}

function tooLarge(limitBytes: number): BodyError {
  return new BodyError(413, `the request body must not be larger than ${limitBytes} bytes`)
}
