import { freePort } from '../support/free-port.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { ADMIN } from './shop.ts'

export type TwoNodes = { readonly first: ServerProcess; readonly second: ServerProcess; stop(): Promise<void> }

/**
 * Two server processes with one issuer on the same Postgres, and Redis if there is one, behind no balancer: tests pick the
 * node.
 */
export async function startTwoNodes(redisUrl?: string, settings: TestSettings = {}): Promise<TwoNodes> {
  const DATABASE_URL = settings.DATABASE_URL ?? (await createDatabase({ demo: true }))
  const first = await startServerProcess({
    ...ADMIN,
    ...settings,
    DATABASE_URL,
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  })
  const [PORT, ADMIN_PORT] = [String(await freePort()), String(await freePort())]
  const second = await startServerProcess({ ...first.settings, PORT, ADMIN_PORT }).catch(async (error) => {
    await first.kill()
    throw error
  })
  return {
    first,
    second,
    stop: async () => void (await Promise.all([first.kill(), second.kill()])),
  }
}
