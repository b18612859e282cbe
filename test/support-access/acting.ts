import { ask, OWNER } from '../admin/administrators.ts'
import { read, requestTokens, type Tokens, tokensOf } from '../endpoints/client.ts'
import type { TestServer } from '../support/server.ts'

type Fields = Readonly<Record<string, string | undefined>>

/** The demo's agent. */
export const AGENT = { grant_type: 'urn:vestibule:grant:agent', username: 'agent@example.com', password: 'change123' }

export const SPRYKER = 'urn:vestibule:dialect:spryker'

/** The agent's own tokens. */
export function agentTokens(server: Pick<TestServer, 'url'>, fields: Fields = {}): Promise<Tokens> {
  return tokensOf(server.url, { ...AGENT, ...fields })
}

/** Asks to act for a customer, by default Sonia, with an agent's token. */
export async function actFor(server: Pick<TestServer, 'url'>, fields: Fields = {}) {
  const subject = fields.subject_token ?? (await agentTokens(server, { resource: fields.resource })).access_token
  const asked = { customer_reference: 'DE--21', ...fields, subject_token: subject }
  return read(
    requestTokens(server.url, {
      grant_type: 'urn:vestibule:grant:impersonation',
      username: undefined,
      password: undefined,
      ...asked,
    }),
  )
}

/** The same where it has to succeed. */
export async function actingTokens(server: Pick<TestServer, 'url'>, fields: Fields = {}): Promise<Tokens> {
  const answer = await actFor(server, fields)
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`)
  return answer.body as Tokens
}

export const owner = (
  server: Pick<TestServer, 'adminUrl'>,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => ask(server, OWNER, method, path, body, headers)

/** The customer's entries in the trail of these kinds, newest first. */
export async function trailOf(server: Pick<TestServer, 'adminUrl'>, types: readonly string[], customer = 'DE--21') {
  const query = new URLSearchParams([['customer', customer], ...types.map((type): [string, string] => ['type', type])])
  const { body } = await owner(server, 'GET', `/v1/audit?${query}`)
  return body.items as Record<string, unknown>[]
}

/** The id of the access that waits, as the refusal names it. */
export function waitingId(answer: { readonly body: unknown }): string {
  const { error, error_description } = answer.body as Record<string, string>
  const [id] = /[0-9a-f-]{36}$/.exec(error_description ?? '') ?? []
  if (error !== 'authorization_pending' || id === undefined)
    throw new Error(`nothing waits: ${error} ${error_description}`)
  return id
}
