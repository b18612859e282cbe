import { startTestServer, type TestSettings } from '../support/server.ts'
import { type Changes, walkPage } from './page-walk.ts'

const TOKEN = 'a-token-of-the-operator-who-reads-the-page'

/** A server with the demo shop, and walks through pages about it; `variables` are what the reader has already. */
export async function startPageServer(settings: TestSettings = {}) {
  const server = await startTestServer({ ADMIN_TOKEN: TOKEN, ...settings })
  return {
    server,
    token: TOKEN,
    stop: server.stop,
    walk: (page: string, changes: Changes = {}, variables: Changes = {}) =>
      walkPage(page, changes, { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: TOKEN, ...variables }),
  }
}
