import { expect, test } from 'vitest'
import { ask as askAdmin, OWNER } from '../admin/administrators.ts'
import { decode, tokensOf } from '../endpoints/client.ts'
import { startServerProcess, type TestServer } from '../support/server.ts'
import { readSet } from './push-receiver.ts'
import { addStreamClient } from './stream-client.ts'

test('what ended and what changed is told after a restart, by a server that was killed at once after it', async () => {
  const first = await startServerProcess({ ADMIN_TOKEN: OWNER })
  const at = ({ url, adminUrl }: typeof first) => ({ url, adminUrl }) as TestServer // all that is asked of it
  let second: typeof first | undefined
  try {
    const client = await addStreamClient(at(first))
    const { stream_id } = await client.create()
    const { sub } = decode((await tokensOf(first.url)).access_token).payload
    const { status } = await askAdmin(at(first), OWNER, 'POST', `/v1/customers/${String(sub)}/block`, {})
    expect(status).toBe(200)
    await first.kill()
    second = await startServerProcess(first.settings)
    const found: string[] = []
    while (found.length < 2) {
      const { body } = await client.poll(stream_id, { ack: [] })
      for (const [jti, set] of Object.entries(body.sets as Record<string, string>)) {
        const { subId, event } = await readSet(second.url, client.id, set)
        expect(subId.sub).toBe(sub)
        found.push(event)
        await client.poll(stream_id, { maxEvents: 0, ack: [jti] })
      }
    }
    expect(found.sort()).toEqual(['account-disabled', 'session-revoked'])
  } finally {
    await first.kill()
    await second?.kill()
  }
})
