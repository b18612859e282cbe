import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requestTokens } from '../endpoints/client.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startServerProcess, type TestSettings } from '../support/server.ts'
import { ended, runVestibule } from './vestibule.ts'

const OPEN = [
  'client third-party-app',
  'client orders-service',
  'customer sonia@spryker.com',
  'customer ron@swanson.com',
  'customer test@meetanshi.com',
  'customer unconfirmed@example.com',
  'agent agent@example.com',
]

test('production is refused on a database with demo secrets, until they are removed', async () => {
  const directory = temporaryDirectory('production')
  const DATA_DIR = await copyTemplate('demo', directory)
  const settings: TestSettings = {
    DATA_DIR,
    KEYS_URL: `file:${join(directory, 'keys')}`,
    NODE_ENV: 'production',
    COOKIE_KEYS: 'a-cookie-key-of-production-0123',
    KEY_ENCRYPTION_KEY: 'a-key-for-the-keys-of-production',
  }
  const refused = await ended(await startServerProcess(settings, { waitUntilReady: false }))
  expect(refused.code).toBe(1)
  for (const name of OPEN) expect(refused.stderr).toContain(name)
  expect(refused.stderr).toContain('vestibule demo remove')
  expect(refused.stderr).not.toMatch(/change123|third-party-app-secret/)

  const removed = await runVestibule(['demo', 'remove'], { DATA_DIR })
  expect(removed.stdout.trim().split('\n')).toEqual(OPEN.map((name) => `removed ${name}`))
  expect((await runVestibule(['demo', 'remove'], { DATA_DIR })).stdout).toContain(
    'no client, customer or agent has a demo secret',
  )

  const server = await startServerProcess(settings)
  try {
    expect((await requestTokens(server.url)).status).toBe(400)
  } finally {
    await server.end('SIGTERM')
  }
})
