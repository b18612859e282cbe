import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { BodyError, readText } from '../../http/read-body.ts'
import { type HoldAnswer, type HoldAsk, problem } from './holds.ts'

const LIMIT_BYTES = 16 * 1024

/** Adds an endpoint at which a client proves who it is, as at introspection. */
export type AddClientEndpoint = (
  provider: Provider,
  endpoint: {
    readonly name: string
    readonly path: string
    /** Reads the body; its members may prove who the client is. False when the request is answered already. */
    readonly readBody: (ctx: KoaContextWithOIDC) => Promise<Readonly<Record<string, unknown>> | undefined>
    readonly handle: (ctx: KoaContextWithOIDC, body: Readonly<Record<string, unknown>>) => Promise<void>
  },
) => void

const ENDPOINTS = [
  ['mandate_holds', '/mandates/:mandate/holds', 'place'],
  ['mandate_capture', '/mandates/:mandate/holds/:hold/capture', 'capture'],
  ['mandate_release', '/mandates/:mandate/holds/:hold/release', 'release'],
] as const

const CREDENTIALS = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type']

/** Where a shop holds, captures and releases amounts of purchase mandates. */
export function addHoldEndpoints(
  provider: Provider,
  answerHold: (ask: HoldAsk) => Promise<HoldAnswer>,
  addEndpoint: AddClientEndpoint,
): void {
  for (const [name, path, act] of ENDPOINTS) {
    addEndpoint(provider, {
      name,
      path,
      readBody,
      async handle(ctx, body) {
        const { client } = ctx.oidc
        // A public client proves nothing.
        if (!client || client.clientAuthMethod === 'none')
          throw new errors.InvalidClient('the client must prove who it is')
        const { mandate = '', hold } = ctx.params as { mandate?: string; hold?: string } // the router decodes them
        const asked = Object.fromEntries(Object.entries(body).filter(([member]) => !CREDENTIALS.includes(member)))
        say(ctx, await answerHold({ clientId: client.clientId, mandateId: mandate, holdId: hold, act, body: asked }))
      },
    })
  }
}

async function readBody(ctx: KoaContextWithOIDC): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const text = await readText(ctx, { limitBytes: LIMIT_BYTES })
    if (text === '') return {}
    if (!ctx.is('json')) throw new BodyError(415, 'the request body must be application/json')
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown> // looked at
    throw new BodyError(400, 'the request body must be a JSON object')
  } catch (error) {
    if (error instanceof BodyError) say(ctx, problem(error.status, 'invalid-request', error.message))
    else if (error instanceof SyntaxError) say(ctx, problem(400, 'invalid-request', 'the request body is not JSON'))
    else throw error
    return undefined
  }
}

function say(ctx: KoaContextWithOIDC, { status, body }: HoldAnswer): void {
  ctx.status = status
  ctx.body = JSON.stringify(body)
  ctx.type = status < 400 ? 'application/json' : 'application/problem+json'
}
