import type { Context } from 'koa'
import type { ClientMetadata } from '../../clients/client.ts'
import { RegistrationRefused, shownMetadata } from '../../clients/self-registration/registered-metadata.ts'
import { BodyError, readText } from '../../http/read-body.ts'

export const REGISTRATION_PATH = '/register'

const LIMIT_BYTES = 32 * 1024

/** What a client holds of its registration. */
export type Registered = {
  readonly metadata: ClientMetadata
  /** Epoch seconds. */
  readonly registeredAt: number
  readonly token: string
}

/** Lets scripts of every origin read the answer, which is for the asker alone and holds no cookie. */
export function openToScripts(ctx: Context): void {
  ctx.set('Access-Control-Allow-Origin', '*')
  ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After')
  ctx.set('Cache-Control', 'no-store')
}

export function answerPreflight(ctx: Context, methods: string): void {
  ctx.status = 204
  ctx.set({
    Allow: `${methods}, OPTIONS`,
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, MCP-Protocol-Version',
    'Access-Control-Max-Age': '86400',
  })
}

/** The registration as its client sees it (RFC 7591 §3.2.1, RFC 7592 §3). There is no secret in it: such clients have none. */
export function answerRegistered(ctx: Context, status: number, issuer: string, registered: Registered): void {
  const { metadata, registeredAt, token } = registered
  ctx.status = status
  ctx.body = {
    ...shownMetadata(metadata),
    client_id_issued_at: registeredAt,
    registration_access_token: token,
    registration_client_uri: `${issuer}${REGISTRATION_PATH}/${encodeURIComponent(metadata.client_id)}`,
  }
}

export function refuse(ctx: Context, status: number, error: string, error_description: string): void {
  ctx.status = status
  ctx.body = { error, error_description }
}

/** Without a token, or with a wrong one (RFC 6750 §3.1). */
export function refuseToken(ctx: Context, presented: string | undefined, description: string): void {
  ctx.set('WWW-Authenticate', presented === undefined ? 'Bearer' : 'Bearer error="invalid_token"')
  refuse(ctx, 401, 'invalid_token', description)
}

/** The bearer token of the Authorization header. */
export function tokenOf(ctx: Context): string | undefined {
  return /^Bearer +([\w.~+/-]{1,255}=*)$/i.exec(ctx.get('Authorization'))?.[1]
}

/** The object that the body is, or a refusal in the words of RFC 7591. @throws BodyError | RegistrationRefused */
export async function readAsked(ctx: Context): Promise<Readonly<Record<string, unknown>>> {
  if (!ctx.is('json')) throw new BodyError(415, 'the request body must be application/json')
  const text = await readText(ctx, { limitBytes: LIMIT_BYTES })
  const asked = parsed(text)
  if (typeof asked === 'object' && asked !== null && !Array.isArray(asked)) return asked as Record<string, unknown> // looked at
  throw new RegistrationRefused('invalid_client_metadata', 'the request body must be a JSON object')
}

/** Answers what `act` refuses; other failures go on. */
export async function answeringRefusals(ctx: Context, act: () => Promise<void>): Promise<'answered' | 'refused'> {
  try {
    await act()
    return 'answered'
  } catch (error) {
    if (error instanceof BodyError) refuse(ctx, error.status, 'invalid_client_metadata', error.message)
    else if (error instanceof RegistrationRefused) refuse(ctx, 400, error.code, error.message)
    else throw error
    return 'refused'
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RegistrationRefused('invalid_client_metadata', 'the request body is not JSON')
  }
}
