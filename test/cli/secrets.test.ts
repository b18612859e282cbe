import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ListedSecret } from '../../src/admin/routes/secret-routes.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const vestibule = (...args: string[]) => runCommand(['secrets', ...args], { DATA_DIR: server.config.DATA_DIR })
async function listed(): Promise<ListedSecret[]> {
  const { code, stdout, stderr } = await vestibule('list', '--json')
  expect([code, stderr]).toEqual([0, ''])
  return (JSON.parse(stdout) as { secrets: ListedSecret[] }).secrets
}

test('a rotation says when the new generation is used, and the list shows it waiting beside the one in use', async () => {
  const { code, stdout } = await vestibule('rotate', 'tokens')
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^tokens [0-9a-f]{8} is accepted now and used on every node in 20 s\n$/),
  ])
  const tokens = (await listed()).filter(({ kind }) => kind === 'tokens')
  expect(tokens.map(({ state }) => state)).toEqual(['waiting', 'used'])
  expect((await vestibule('list')).stdout).toMatch(/^KIND +ID +STATE +AGE +NEEDED\ncookies +first +used/)
})

test('what is in use is not dropped, what waits can be taken back, and what does not exist is named', async () => {
  const { stdout } = await vestibule('rotate', 'cookies', '--json')
  const { id } = JSON.parse(stdout) as ListedSecret
  const refused = await vestibule('drop', 'cookies', 'first', '--force')
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('it is in use; rotate first')])
  expect(await vestibule('drop', 'cookies', id)).toMatchObject({ code: 0, stdout: `cookies ${id} is deleted\n` })
  expect((await vestibule('drop', 'cookies', id)).stderr).toContain('there is no such generation')
  expect((await vestibule('rotate', 'passwords')).stderr).toContain('"cookies" and "tokens"')
})

test('a command that makes no sense is answered with how it is used', async () => {
  const { code, stderr } = await vestibule('drop', 'cookies')
  expect([code, stderr]).toEqual([2, expect.stringContaining('Usage: vestibule secrets ACTION')])
})
