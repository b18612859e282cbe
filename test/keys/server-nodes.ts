import { freePort } from '../support/free-port.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'

/** The admin token of the nodes that `startNodes` starts. */
export const ADMIN_TOKEN = 'an-admin-token-for-tests'

/** Starts `count` servers as processes of their own: one issuer, one database, one Redis, keys in the database. */
export async function startNodes(
  count: number,
  settings: TestSettings & { readonly DATABASE_URL: string },
  options?: { readonly waitUntilReady?: boolean },
): Promise<ServerProcess[]> {
  const ISSUER = `http://localhost:${await freePort()}`
  const shared = { ISSUER, KEYS_URL: 'sql:', ADMIN_TOKEN, LOG_LEVEL: 'warn', ...settings } as const
  return Promise.all(Array.from({ length: count }, () => startServerProcess(shared, options)))
}

/** Asks the admin API of one node; the answer's body with its status. */
export async function askAdmin<Body>(
  node: Pick<ServerProcess, 'adminUrl'>,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
  token = ADMIN_TOKEN,
): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${node.adminUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Body }
}
