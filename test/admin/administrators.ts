import { randomUUID } from 'node:crypto'
import type { Role } from '../../src/administrators/role.ts'
import type { TestServer } from '../support/server.ts'

/** The token of ADMIN_TOKEN in tests of the admin API. */
export const OWNER = 'an-admin-token-for-tests'

export type Asked = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }

/** Asks the admin API with a token or a session. */
export async function ask(
  { adminUrl }: Pick<TestServer, 'adminUrl'>,
  bearer: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    headers: { ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') && !text.includes('\n{')
  return { status: response.status, body: isJson && text ? JSON.parse(text) : {}, headers: response.headers }
}

/** An admin token of this role. */
export async function tokenOf(server: TestServer, role: Role): Promise<string> {
  const made = await ask(server, OWNER, 'POST', '/v1/admin-tokens', { name: `${role}-${randomUUID()}`, role })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  return String(made.body.token)
}

export const PASSWORD = 'correct horse battery staple'

/** An administrator of this role, and a session of theirs. */
export async function administratorOf(server: TestServer, role: Role) {
  const email = `${role}-${randomUUID()}@example.com`
  const made = await ask(server, OWNER, 'POST', '/v1/administrators', { email, role, password: PASSWORD })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  const signIn = await ask(server, undefined, 'POST', '/v1/sign-in', { email, password: PASSWORD })
  return { id: String(made.body.id), email, session: String(signIn.body.session), etag: made.headers.get('etag') ?? '' }
}
