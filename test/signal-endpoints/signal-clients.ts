import { randomUUID } from 'node:crypto'
import { ask, OWNER } from '../admin/administrators.ts'
import { read } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { TestServer } from '../support/server.ts'

export type SignalClient = {
  readonly id: string
  token(scope?: string, more?: Record<string, string>): Promise<string>
}

/** A confidential client of others that was given these scopes, and how it gets tokens of its own. */
export async function addClient(
  server: TestServer,
  scopes: readonly string[],
  members: object = {},
): Promise<SignalClient> {
  const id = `receiver-${randomUUID()}`
  const metadata = {
    client_id: id,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    resource_scopes: scopes,
    ...members,
  }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  const secret = String(made.body.secret)
  return {
    id,
    async token(scope = scopes.join(' '), more = {}) {
      const fields = { grant_type: 'client_credentials', ...(scope && { scope }), ...more }
      const answer = await read(postForm(`${server.url}/token`, fields, basicAuth(id, secret)))
      if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`)
      return String(answer.body.access_token)
    },
  }
}
