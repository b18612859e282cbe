import { expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { follow } from './runbook.ts'
import { endThem, expectEnded, operatorSettings, signIn } from './since-the-backup.ts'

const RUNBOOK = 'backup-postgres.md'

describeOn('postgres', 'restoring Postgres', () => {
  test('after the runbook nothing revoked is alive, and no removed key signs, though the keys were in the backup', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const settings = { ...(await operatorSettings()), DATABASE_URL, KEYS_URL: 'sql:' }
    const environment = { ...settings, BACKUP: temporaryDirectory('backup') }
    const server = await startTestServer(settings)
    const signIns = await signIn(server)
    await follow(RUNBOOK, 'Back up', environment)
    const ended = await endThem(server, signIns)
    await server.stop()

    expect(await follow(RUNBOOK, 'Restore', environment)).toMatch(/all sessions before \S+Z are signed out/)
    const after = await startTestServer(settings)
    try {
      await expectEnded(after.url, ended)
    } finally {
      await after.stop()
    }
  })
})
