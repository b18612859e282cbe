import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode, refresh, revoke, ron, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const cli = (args: readonly string[], input?: string) => runCommand(args, { DATA_DIR: server.config.DATA_DIR }, input)

test('inspect tells how a token ended, and list finds it by jti, sign-in, customer and client', async () => {
  const { access_token, refresh_token } = await tokensOf(server.url, ron)
  await refresh(server.url, refresh_token)
  await revoke(server.url, access_token)
  const { jti, gid } = decode(access_token).payload
  const inspected = await cli(['tokens', 'inspect'], access_token)
  expect(inspected.code).toBe(1)
  expect(inspected.stdout).toMatch(
    /^does not work: it was revoked \(denied\)\non record: access-token of frontend, issued .+, ended .+: revoked-by-client\n$/,
  )
  expect((await cli(['tokens', 'inspect'], refresh_token)).stdout).toMatch(/ended .+: rotated\n$/)

  const ways = [
    ['--jti', String(jti)],
    ['--grant', String(gid)],
    ['--customer', ron.username],
    ['--client', 'frontend', '--limit', '4'],
  ]
  for (const way of ways) {
    const { code, stdout } = await cli(['tokens', 'list', ...way])
    expect(code, way.join(' ')).toBe(0)
    expect(stdout).toMatch(new RegExp(`access-token +${jti} .+ revoked-by-client`))
  }
  const { tokens } = JSON.parse((await cli(['tokens', 'list', '--grant', String(gid), '--json'])).stdout)
  expect(tokens.map(({ kind, cause }: { kind: string; cause?: string }) => `${kind} ${cause}`)).toEqual([
    'refresh-token undefined',
    'access-token undefined',
    'refresh-token rotated',
    'access-token revoked-by-client',
  ])
})

test('list says what it can be asked for, and when there is nothing', async () => {
  const { code, stderr } = await cli(['tokens', 'list'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('Give at least one of --jti')])
  expect((await cli(['tokens', 'list', '--jti', 'never'])).stdout).toBe('no token on record\n')
})
