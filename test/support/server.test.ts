import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServerProcess, startTestServer, type TestServer } from './server.ts'

describe('a server inside the test', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({}, { captureLog: true })
  })
  afterAll(() => server?.stop())

  test('its address is its issuer', async () => {
    const metadata = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json()
    expect(metadata).toMatchObject({ issuer: server.url })
  })

  test('its log is JSON lines', async () => {
    await fetch(`${server.url}/health/live`)
    expect(server.logLines.length).toBeGreaterThan(0)
    for (const line of server.logLines) expect(JSON.parse(line)).toHaveProperty('level')
  })
})

describe('a server in a process of its own', () => {
  test('it is ready, dies of kill -9, and starts again on the same data', async () => {
    const first = await startServerProcess()
    expect((await fetch(`${first.url}/health/ready`)).ok).toBe(true)
    expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' })

    const second = await startServerProcess(first.settings)
    expect(second.url).toBe(first.url)
    expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null })
  })

  test('a start that is refused says why', async () => {
    await expect(startServerProcess({ KEYS_URL: 'nonsense:' })).rejects.toThrow('KEYS_URL')
  })
})
