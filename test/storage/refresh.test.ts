import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { introspect, read, refresh, revoke, thirdParty } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { ADMIN, addClient, dpopKey, dpopProof, refreshCounts, signInBy, signOut } from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer(ADMIN, { captureLog: true })
})
afterAll(() => server?.stop())

const audited = (type: string, clientId: string) =>
  server.logLines
    .map((line) => JSON.parse(line) as { audit?: { type: string; clientId?: string } })
    .filter(({ audit }) => audit?.type === type && audit.clientId === clientId)

/** What `act` adds to the refresh counters. */
async function counted(act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await refreshCounts(server)
  await act()
  const after = await refreshCounts(server)
  const added = Object.entries(after).map(([outcome, count]) => [outcome, count - (before[outcome] ?? 0)] as const)
  return Object.fromEntries(added.filter(([, count]) => count > 0))
}

describe('within the window', () => {
  test('a retry gets the same bytes, and is counted as one', async () => {
    const client_id = await addClient(server)
    const { refresh_token } = await signInBy(server, client_id)
    const added = await counted(async () => {
      const first = await read(refresh(server.url, refresh_token, { client_id }))
      for (let retry = 0; retry < 3; retry++) {
        const again = await read(refresh(server.url, refresh_token, { client_id }))
        expect([again.status, again.text]).toEqual([200, first.text])
      }
    })
    expect(added).toEqual({ rotated: 1, retry: 3 })
  })

  test('fifty at once get the same bytes: one rotated, the others raced or retried', async () => {
    const client_id = await addClient(server)
    const { refresh_token } = await signInBy(server, client_id)
    let texts: string[] = []
    const {
      rotated,
      race = 0,
      retry = 0,
    } = await counted(async () => {
      const all = Array.from({ length: 50 }, () => read(refresh(server.url, refresh_token, { client_id })))
      const answers = await Promise.all(all)
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
      texts = answers.map(({ text }) => text)
    })
    expect(new Set(texts).size).toBe(1)
    expect([rotated, race + retry]).toEqual([1, 49])
    expect((await refresh(server.url, JSON.parse(texts[0] ?? '').refresh_token, { client_id })).status).toBe(200)
  })

  test('a retry that asks for another scope is refused and audited, and the family goes on', async () => {
    const client_id = await addClient(server)
    const { refresh_token } = await signInBy(server, client_id, { scope: 'customer orders:read' })
    const { body } = await read(refresh(server.url, refresh_token, { client_id }))
    const added = await counted(async () => {
      const other = await read(refresh(server.url, refresh_token, { client_id, scope: 'orders:read' }))
      expect([other.status, other.body.error]).toEqual([400, 'invalid_grant'])
    })
    expect(added).toEqual({ mismatch: 1 })
    expect(audited('refresh.mismatch', client_id)).toHaveLength(1)
    expect((await refresh(server.url, body.refresh_token, { client_id })).status).toBe(200)
  })

  test('a retry after a sign-out or a revocation gets nothing', async () => {
    const client_id = await addClient(server)
    const [first, second] = [await signInBy(server, client_id), await signInBy(server, client_id)]
    const { body } = await read(refresh(server.url, first.refresh_token, { client_id }))
    await refresh(server.url, second.refresh_token, { client_id })
    await revoke(server.url, body.refresh_token, { client_id })
    expect((await read(refresh(server.url, first.refresh_token, { client_id }))).body.error).toBe('invalid_grant')
    await signOut(server, { of: 'client', id: client_id })
    expect((await read(refresh(server.url, second.refresh_token, { client_id }))).body.error).toBe('invalid_grant')
  })
})

describe('theft', () => {
  test('is a rotated token that is shown after the window: the family dies, audited and counted', async () => {
    const client_id = await addClient(server, { refresh_retry_seconds: 1 })
    const { refresh_token } = await signInBy(server, client_id)
    const { body } = await read(refresh(server.url, refresh_token, { client_id }))
    const { theft } = await counted(async () => {
      const refused = async () => (await refresh(server.url, refresh_token, { client_id })).status === 400
      await waitFor(refused, { what: 'the end of the window' })
    })
    expect(theft).toBe(1)
    expect(audited('refresh.theft', client_id)).toHaveLength(1)
    expect(await introspect(server.url, body.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, body.refresh_token, { client_id }))).body.error).toBe('invalid_grant')
  })

  test('with a window of 0 is any second use, however soon', async () => {
    const client_id = await addClient(server, { refresh_retry_seconds: 0 })
    const { refresh_token } = await signInBy(server, client_id)
    const { body } = await read(refresh(server.url, refresh_token, { client_id }))
    const added = await counted(async () => {
      const again = await read(refresh(server.url, refresh_token, { client_id }))
      expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
    })
    expect(added).toEqual({ theft: 1 })
    expect(await introspect(server.url, body.access_token)).toEqual({ active: false })
  })

  test('with a window of 0, of ten at once at most one gets tokens and nobody an error of ours', async () => {
    const client_id = await addClient(server, { refresh_retry_seconds: 0 })
    const { refresh_token } = await signInBy(server, client_id)
    const all = Array.from({ length: 10 }, () => read(refresh(server.url, refresh_token, { client_id })))
    const answers = await Promise.all(all)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
  })
})

describe('a token shown by somebody else', () => {
  test('another client is refused and audited, and the family goes on', async () => {
    const client_id = await addClient(server)
    const { refresh_token } = await signInBy(server, client_id)
    const added = await counted(async () => {
      expect((await refresh(server.url, refresh_token, {}, thirdParty)).status).toBe(400)
    })
    expect(added).toEqual({ mismatch: 1 })
    expect(audited('refresh.mismatch', 'third-party-app')).not.toHaveLength(0)
    expect((await refresh(server.url, refresh_token, { client_id })).status).toBe(200)
  })

  test('with another DPoP key, or none, is refused and audited; a retry with the right key gets the same bytes', async () => {
    const client_id = await addClient(server)
    const [key, other] = [dpopKey(), dpopKey()]
    const htu = `${server.url}/token`
    const { refresh_token } = await signInBy(server, client_id, {}, dpopProof(key, htu))
    for (const headers of [{}, dpopProof(other, htu)]) {
      const refused = await read(refresh(server.url, refresh_token, { client_id }, headers))
      expect(refused.status).toBe(400)
    }
    expect(audited('refresh.mismatch', client_id)).toHaveLength(2)
    const first = await read(refresh(server.url, refresh_token, { client_id }, dpopProof(key, htu)))
    expect([first.status, first.body.token_type]).toEqual([200, 'DPoP'])
    const stolenRetry = await read(refresh(server.url, refresh_token, { client_id }, dpopProof(other, htu)))
    expect(stolenRetry.status).toBe(400)
    const retry = await read(refresh(server.url, refresh_token, { client_id }, dpopProof(key, htu)))
    expect([retry.status, retry.text]).toEqual([200, first.text])
  })
})

describe.concurrent('lifetimes', () => {
  test('a sliding lifetime is renewed by use, and over without', async () => {
    const client_id = await addClient(server, { refresh_token_ttl_seconds: 5, refresh_retry_seconds: 0 })
    const startedAtMs = Date.now()
    let { refresh_token } = await signInBy(server, client_id)
    let lastUsedAtMs = startedAtMs
    await waitFor(
      async () => {
        const { status, body } = await read(refresh(server.url, refresh_token, { client_id }))
        expect(status).toBe(200)
        refresh_token = body.refresh_token
        lastUsedAtMs = Date.now()
        return lastUsedAtMs - startedAtMs > 6500
      },
      { everyMs: 500, what: 'more than one lifetime of use' },
    )
    await waitFor(() => Date.now() > lastUsedAtMs + 6500, { what: 'a lifetime without use' })
    expect((await read(refresh(server.url, refresh_token, { client_id }))).body.error).toBe('invalid_grant')
  })

  test('an absolute lifetime ends the family however often it is used', async () => {
    // Far below the sliding lifetime, which each use renews: what ends within the deadline was ended by the other.
    const absolute = { refresh_token_ttl_seconds: 600, refresh_token_absolute_ttl_seconds: 3, refresh_retry_seconds: 0 }
    const client_id = await addClient(server, absolute)
    const startedAtMs = Date.now()
    let { refresh_token } = await signInBy(server, client_id)
    const ended = async () => {
      const { status, body } = await read(refresh(server.url, refresh_token, { client_id }))
      if (status !== 200) return true
      refresh_token = body.refresh_token
      return false
    }
    await waitFor(ended, { everyMs: 200, what: 'the end of the family' })
    expect(Date.now() - startedAtMs).toBeGreaterThan(2000)
  })
})
