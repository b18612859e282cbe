import { expect, test } from 'vitest'
import { introspect, read, refresh, revoke, tokensOf } from '../endpoints/client.ts'
import { startServerProcess } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { startLoad } from './load.ts'
import { expectReturn, printFailureTable } from './under-failure.ts'

printFailureTable()

test('an embedded process killed with -9 under load comes back with all that it acknowledged', async () => {
  const first = await startServerProcess()
  const held = await tokensOf(first.url)
  const load = startLoad(first.url, 1)
  await waitFor(() => load.revoked.length >= 3, { deadlineMs: 30_000 })
  const { signedIn, revoked } = { signedIn: [...load.signedIn], revoked: [...load.revoked] }
  const stopped = load.stop().catch(() => {})
  await first.kill()
  await stopped

  const second = await startServerProcess(first.settings)
  try {
    await expectReturn(second.url, 'embedded process killed with -9', 'no answer')
    for (const { access_token } of [held, ...signedIn]) {
      expect((await introspect(second.url, access_token)).active).toBe(true)
    }
    expect((await refresh(second.url, held.refresh_token)).status).toBe(200)
    for (const { access_token, refresh_token } of revoked) {
      expect(await introspect(second.url, access_token)).toEqual({ active: false })
      expect((await read(refresh(second.url, refresh_token))).body.error).toBe('invalid_grant')
    }
    await revoke(second.url, held.refresh_token)
  } finally {
    await second.kill()
  }
}, 120_000)
