import { join } from 'node:path'
import { expect } from 'vitest'
import { introspect, read, refresh, revoke, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { startServerProcess } from '../support/server.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { waitFor } from '../support/wait-for.ts'
import { openEndpoints } from './endpoints.ts'
import { startLoad } from './load.ts'
import { expectOthersGoOn, expectRefused, expectReturn, testFailure } from './under-failure.ts'

testFailure('Embedded process killed with `-9`', 'it comes back with all that it acknowledged', async (measuring) => {
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
    await expectReturn(second.url, measuring)
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
})

describeOn('smalldisk', 'the embedded database has no room', () => {
  testFailure('Embedded, its disk full', 'writes are refused, nothing acknowledged is lost', async (measuring) => {
    const disk = mountSmallDisk(200)
    try {
      await copyTemplate('demo', disk.directory)
      const server = await startServerProcess({ DATA_DIR: join(disk.directory, 'data') })
      const { url } = server
      const held = await tokensOf(url)
      const endpoints = (await openEndpoints(url, held)).filter(({ kind }) => kind !== 'reads')
      const load = startLoad(url, 1)
      await waitFor(() => load.revoked.length >= 2, { deadlineMs: 30_000 })
      disk.fill()
      await expectRefused(endpoints, measuring)
      await expectOthersGoOn(url)
      expect((await introspect(url, held.access_token)).active).toBe(true)
      disk.empty()
      await expectReturn(url, measuring)
      await load.stop()
      expect([...load.statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([])
      for (const { access_token } of [held, ...load.signedIn]) {
        expect((await introspect(url, access_token)).active).toBe(true)
      }
      for (const { access_token } of load.revoked)
        expect(await introspect(url, access_token)).toEqual({ active: false })
      await server.kill()
    } finally {
      disk.stop()
    }
  })
})
