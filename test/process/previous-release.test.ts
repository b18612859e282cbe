import { afterEach, expect, test } from 'vitest'
import {
  introspect,
  obtainCode,
  ordersService,
  read,
  redeem,
  refresh,
  revoke,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { postForm } from '../support/http.ts'
import { checkOutPrevious, findPreviousRelease, type PreviousRelease } from '../support/previous-release.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { runVestibule } from './vestibule.ts'

const nodes: ServerProcess[] = []
afterEach(() => Promise.all(nodes.splice(0).map((node) => node.kill())))

describeOn('postgres', 'an upgrade of nodes one after another', () => {
  describeOn('history', 'from the previous release', () => {
    test('lets the old nodes work on the new schema, and both honour the tokens of the other', async () => {
      const previous = findPreviousRelease() as PreviousRelease
      const program = checkOutPrevious(previous)
      const DATABASE_URL = await createDatabase()
      expect(await runVestibule(['demo', 'load'], { DATABASE_URL }, { program })).toMatchObject({ code: 0 })
      const settings = { DATABASE_URL, KEYS_URL: 'sql:', LOG_LEVEL: 'warn' } as const
      const before = await startServerProcess(settings, { program })
      nodes.push(before)
      const early = await tokensOf(before.url)

      const migrated = await runVestibule(['migrate'], { DATABASE_URL })
      console.log(`upgrade from ${previous.name}: ${migrated.stdout.trim()}`)
      expect(migrated).toMatchObject({ code: 0, stderr: '' })

      await everyEndpointOpens(before, { signInAt: before })
      const refreshed = await read(refresh(before.url, early.refresh_token))
      expect(refreshed.status).toBe(200)

      const after = await startServerProcess({ ...before.settings, PORT: String(await freePort()), ADMIN_PORT: '0' })
      nodes.push(after)
      await everyEndpointOpens(after, { signInAt: before })
      // A sign-in from before the upgrade goes on at a new node, and from there back at an old one.
      const there = await read(refresh(after.url, refreshed.body.refresh_token))
      expect(there.status).toBe(200)
      expect(await introspect(before.url, there.body.access_token)).toMatchObject({ active: true })
      const back = await read(refresh(before.url, there.body.refresh_token))
      expect(back.status).toBe(200)
      expect(await introspect(after.url, back.body.access_token)).toMatchObject({ active: true })
      for (const node of [before, after]) expect(node.stdout()).not.toContain('"level":"error"')
    })
  })
})

describeOn('history', 'an embedded server of the previous release', () => {
  test('is upgraded with its sign-ins and its revocations; going back brings nothing revoked to life', async () => {
    const program = checkOutPrevious(findPreviousRelease() as PreviousRelease)
    const before = await startServerProcess({}, { program })
    nodes.push(before)
    const kept = await tokensOf(before.url)
    const ended = await tokensOf(before.url)
    expect((await revoke(before.url, ended.refresh_token)).status).toBe(200)
    const machine = await machineToken(before.url)
    await revoke(before.url, machine, {}, ordersService)
    await before.kill()

    const after = await startServerProcess(before.settings)
    nodes.push(after)
    expect(await introspect(after.url, kept.access_token)).toMatchObject({ active: true })
    const refreshed = await read(refresh(after.url, kept.refresh_token))
    expect(refreshed.status).toBe(200)
    await expectDead(after.url, [ended.access_token, machine])
    const later = await machineToken(after.url)
    await revoke(after.url, later, {}, ordersService)
    await after.kill()

    expect(await runVestibule(['restored', '--keep-keys'], before.settings, { program })).toMatchObject({ code: 0 })
    const back = await startServerProcess(before.settings, { program })
    nodes.push(back)
    await expectDead(back.url, [kept.access_token, refreshed.body.access_token, ended.access_token, machine, later])
    expect((await introspect(back.url, (await tokensOf(back.url)).access_token)).active).toBe(true)
  })
})

const machineToken = async (url: string): Promise<string> =>
  (await read(postForm(`${url}/token`, { grant_type: 'client_credentials' }, ordersService))).body.access_token

async function expectDead(url: string, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) expect(await introspect(url, token)).toEqual({ active: false })
}

/** Browsers sign in at the node that has the issuer's address. */
async function everyEndpointOpens({ url }: ServerProcess, { signInAt }: { signInAt: ServerProcess }): Promise<void> {
  const tokens = await tokensOf(url, { scope: 'openid customer company' })
  expect(await introspect(url, tokens.access_token)).toMatchObject({ active: true, customer_reference: 'DE--21' })
  expect((await userinfo(url, tokens.access_token)).status).toBe(200)
  expect((await refresh(url, tokens.refresh_token)).status).toBe(200)
  const { code, verifier } = await obtainCode(signInAt.url)
  expect((await redeem(url, code, verifier)).status).toBe(200)
}
