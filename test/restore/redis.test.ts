import { expect, test } from 'vitest'
import { runCli } from '../cli/run-cli.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis } from '../support/redis-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { follow } from './runbook.ts'
import { endThem, expectEnded, operatorSettings, signIn } from './since-the-backup.ts'

const RUNBOOK = 'backup-redis.md'
/** What a crash may cost is no restore: `src/storage/continuity.ts`. */
const TOLERATED_MS = 5000

describeOn('redis', 'restoring Redis', () => {
  test('after the runbook, under a running server, nothing revoked is alive, and no removed key signs', async () => {
    const redis = await startRedis()
    const settings = { ...(await operatorSettings()), REDIS_URL: `${redis.url}/0` }
    const server = await startTestServer(settings)
    try {
      const [, REDIS_DIR = ''] = (await redis.command('CONFIG', 'GET', 'dir')) as string[]
      const SPARE_PORT = String(await freePort())
      const environment = { ...settings, REDIS_DIR, SPARE_PORT, BACKUP: temporaryDirectory('backup') }
      const signIns = await signIn(server)
      await follow(RUNBOOK, 'Back up', environment)
      const takenAtMs = Date.now()
      const ended = await endThem(server, signIns)
      const isOld = () => Date.now() > takenAtMs + TOLERATED_MS + 3000
      await waitFor(isOld, { what: 'the snapshot to age' })

      await redis.kill()
      await follow(RUNBOOK, 'Restore', environment)
      await redis.restart()
      expect(await redis.command('DBSIZE'), 'the snapshot holds sessions').toBeGreaterThan(3)
      const isReady = async () => (await fetch(`${server.url}/health/ready`)).ok
      await waitFor(isReady, { what: 'the server to be back' })
      await expectEnded(server.url, ended)
      const { stdout } = await runCli(['audit', 'export'], { DATA_DIR: server.config.DATA_DIR })
      expect(stdout).toContain('Redis came back empty or with old data')
    } finally {
      await server.stop()
      await redis.stop()
    }
  })
})
