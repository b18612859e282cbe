import { expect, test } from 'vitest'
import { introspect, read, refresh, ron, sonia, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { startServerProcess, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'

const ENOUGH = 40
const WORKERS = 6

/**
 * Signs in and refreshes on several connections until the server is killed under them, then holds the next start to
 * every answer that was given: an answer is a promise.
 */
async function killInTheMiddle(settings: TestSettings): Promise<void> {
  const first = await startServerProcess(settings)
  // A token that is just being refreshed may or may not be used up: its answer never came.
  const promised = new Map<string, string>()
  let answers = 0
  let isOver = false
  const note = (tokens: { refresh_token: string; access_token: string }) => {
    promised.set(tokens.refresh_token, tokens.access_token)
    answers++
  }
  const worker = async (index: number) => {
    while (!isOver) {
      const tokens = await tokensOf(first.url, index % 2 ? ron : sonia)
      note(tokens)
      if (index < WORKERS / 2) continue
      promised.delete(tokens.refresh_token)
      const { status, body } = await read(refresh(first.url, tokens.refresh_token))
      expect(status).toBe(200)
      note(body)
    }
  }
  const workers = Array.from({ length: WORKERS }, (_, index) =>
    worker(index).catch((error) => onlyAfter(isOver, error)),
  )
  await waitFor(() => answers >= ENOUGH, { what: `${ENOUGH} answers` })
  isOver = true
  await first.kill()
  await Promise.all(workers)

  const second = await startServerProcess(first.settings)
  try {
    for (const [refreshToken, accessToken] of promised) {
      expect(await introspect(second.url, accessToken)).toMatchObject({ active: true })
      expect((await read(refresh(second.url, refreshToken))).status).toBe(200)
    }
    expect(promised.size).toBeGreaterThan(ENOUGH / 2)
  } finally {
    await second.kill()
  }
}

function onlyAfter(isOver: boolean, error: unknown): void {
  if (!isOver) throw error
}

test('kill -9 in the middle of issuing loses no token that was answered, embedded', () => killInTheMiddle({}))

describeOn('redis', 'with Redis', () => {
  describeOn('postgres', 'and Postgres', () => {
    test('kill -9 in the middle of issuing loses no token that was answered', async () => {
      const databaseUrl = await createDatabase({ demo: true })
      await killInTheMiddle({ DATABASE_URL: databaseUrl, REDIS_URL: await createRedisDatabase() })
    })
  })
})
