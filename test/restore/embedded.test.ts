import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { introspect, ordersService, read } from '../endpoints/client.ts'
import { newestCursor, readPage } from '../endpoints/feed-reader.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { postForm } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestSettings } from '../support/server.ts'
import { follow } from './runbook.ts'
import { type Ended, endThem, expectEnded, operatorSettings, signIn } from './since-the-backup.ts'

const RUNBOOK = 'backup-embedded.md'

type Rehearsal = {
  readonly settings: TestSettings
  readonly environment: NodeJS.ProcessEnv
  readonly ended: Ended
  readonly cursor: number
}

/** A backup by the runbook, and what was ended after it. */
async function backUpAndEnd(): Promise<Rehearsal> {
  const directory = temporaryDirectory('embedded')
  const KEYS_DIR = join(directory, 'keys')
  const settings = {
    ...(await operatorSettings()),
    DATA_DIR: await copyTemplate('demo', directory),
    KEYS_URL: `file:${KEYS_DIR}`,
  }
  const environment = { ...settings, KEYS_DIR, BACKUP: temporaryDirectory('backup') }
  const before = await startTestServer(settings)
  const signIns = await signIn(before)
  await before.stop()
  await follow(RUNBOOK, 'Back up', environment)
  const meanwhile = await startTestServer(settings)
  const ended = await endThem(meanwhile, signIns)
  const cursor = await newestCursor(meanwhile.url)
  await meanwhile.stop()
  return { settings, environment, ended, cursor }
}

test('after the runbook for the embedded database nothing revoked is alive, and no removed key signs', async () => {
  const { settings, environment, ended, cursor } = await backUpAndEnd()
  expect(await follow(RUNBOOK, 'Restore', environment)).toMatch(/all sessions before \S+Z are signed out/)
  const after = await startTestServer(settings)
  try {
    await expectEnded(after.url, ended)
    // Who followed the feed before hears of it, and of nothing that is new in places that it has read.
    const page = await readPage(after.url, `?after=${cursor}`)
    expect([page.from <= cursor, page.entries.map(([, kind]) => kind)]).toEqual([true, ['*']])
    expect(page.to).toBeGreaterThan(cursor + 1_000_000)
  } finally {
    await after.stop()
  }
})

test('a backup that was only copied back does bring them back: "vestibule restored" is what ends them', async () => {
  const { settings, environment, ended } = await backUpAndEnd()
  for (const [live, name] of [
    [environment.DATA_DIR, 'data'],
    [environment.KEYS_DIR, 'keys'],
  ]) {
    rmSync(String(live), { recursive: true })
    cpSync(join(String(environment.BACKUP), String(name)), String(live), { recursive: true })
  }
  const after = await startTestServer(settings)
  try {
    expect((await introspect(after.url, ended.revoked.access_token)).active).toBe(true)
  } finally {
    await after.stop()
  }
})

test('a storage file that was lost signs everybody out, machines included: it knew what was revoked', async () => {
  const DATA_DIR = await copyTemplate('demo', temporaryDirectory('lost'))
  const settings = { ...(await operatorSettings()), DATA_DIR, KEYS_URL: `file:${temporaryDirectory('keys')}` }
  const before = await startTestServer(settings)
  const machineToken = async (url: string): Promise<string> =>
    (await read(postForm(`${url}/token`, { grant_type: 'client_credentials' }, ordersService))).body.access_token
  const token = await machineToken(before.url)
  expect((await introspect(before.url, token)).active).toBe(true)
  await before.stop()
  rmSync(join(DATA_DIR, 'storage.sqlite'))

  const after = await startTestServer(settings, { captureLog: true })
  try {
    expect(await introspect(after.url, token)).toEqual({ active: false })
    expect((await introspect(after.url, await machineToken(after.url))).active).toBe(true)
    expect(after.logLines.filter((line) => line.includes('storage.lost'))).toHaveLength(1)
  } finally {
    await after.stop()
  }
})
