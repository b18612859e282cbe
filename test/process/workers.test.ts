import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { descendants } from '../support/daemon.ts'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { dropDatabase } from './sql.ts'
import { describeLoad, startSteadyLoad } from './steady-load.ts'
import { ended, runVestibule } from './vestibule.ts'

vi.setConfig({ testTimeout: 180_000 })

const WORKERS = 2
const CLIENTS = 6

let server: ServerProcess | undefined
afterEach(() => server?.kill())

async function startWorkers(settings: TestSettings = {}): Promise<ServerProcess> {
  const DATABASE_URL = settings.DATABASE_URL ?? (await createDatabase({ demo: true }))
  server = await startServerProcess({ WORKERS: String(WORKERS), LOG_LEVEL: 'warn', ...settings, DATABASE_URL })
  await waitFor(() => server?.stdout().includes(`${WORKERS} workers`), { deadlineMs: 60_000, what: 'all workers' })
  return server
}

const workersOf = ({ pid }: ServerProcess) => descendants(pid)
const metricsOf = async ({ adminUrl }: ServerProcess) => (await fetch(`${adminUrl}/metrics`)).text()
async function figure(of: ServerProcess, name: string): Promise<number> {
  const escaped = name.replace(/[{}]/g, '\\$&')
  return Number(new RegExp(`^${escaped} (\\d+)`, 'm').exec(await metricsOf(of))?.[1] ?? 0)
}

describeOn('postgres', 'several workers', () => {
  test('are replaced one after another at SIGHUP, under load, without a failed request', async () => {
    const node = await startWorkers()
    const before = workersOf(node)
    expect(before).toHaveLength(WORKERS)
    const load = await startSteadyLoad(node.url, { clients: CLIENTS })
    await waitFor(() => load.answered() > 100, { deadlineMs: 60_000, what: 'load' })

    process.kill(node.pid, 'SIGHUP')
    await waitFor(() => node.stdout().includes('the workers were replaced'), { deadlineMs: 120_000, what: 'the end' })
    const after = workersOf(node)
    const answered = load.answered()
    await waitFor(() => load.answered() > answered + 100, { deadlineMs: 60_000, what: 'load on the new workers' })
    const figures = await load.stop()
    console.log(describeLoad('rolling restart', figures))

    expect(figures.failures).toEqual([])
    expect(figures.connectionsEnded).toBeGreaterThan(0)
    expect(after).toHaveLength(WORKERS)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    // Two a round; what the old workers had counted is in the totals still.
    const issued = await figure(node, 'vestibule_token_requests_total{grant_type="refresh_token",outcome="issued"}')
    expect(issued).toBeGreaterThan(figures.answered / 4)
    expect(await figure(node, 'vestibule_worker_deaths_total')).toBe(0)
  })

  test('lose nothing but what was under way in one that is killed with -9, and get another in its place', async () => {
    const node = await startWorkers()
    const [victim = 0, ...others] = workersOf(node)
    const load = await startSteadyLoad(node.url, { clients: CLIENTS })
    await waitFor(() => load.answered() > 100, { deadlineMs: 60_000, what: 'load' })

    process.kill(victim, 'SIGKILL')
    const isWhole = () => {
      const now = workersOf(node)
      return now.length === WORKERS && !now.includes(victim)
    }
    await waitFor(isWhole, { deadlineMs: 60_000, what: 'another worker' })
    await waitFor(async () => (await figure(node, 'vestibule_workers')) === WORKERS, { deadlineMs: 60_000 })
    const answered = load.answered()
    await waitFor(() => load.answered() > answered + 100, { deadlineMs: 60_000, what: 'load on all workers' })
    const figures = await load.stop()
    console.log(describeLoad('kill -9', figures))

    // A client has one request under way at most, and its refresh may be lost with it; the next one succeeds.
    expect(figures.failures.length).toBeLessThanOrEqual(CLIENTS)
    for (const failure of figures.failures) expect(failure).toMatch(/ECONNRESET|socket hang up/)
    expect(workersOf(node)).toEqual(expect.arrayContaining(others))
    expect(await figure(node, 'vestibule_worker_deaths_total')).toBe(1)
    expect(node.stdout()).toMatch(new RegExp(`"event":"workers.died".*"pid":${victim}`))
  })

  test('answer /metrics as one server, whichever of them is asked', async () => {
    const node = await startWorkers()
    const SIGN_INS = 6
    for (let signIn = 0; signIn < SIGN_INS; signIn++) await tokensOf(node.url)
    const name = 'vestibule_token_requests_total{grant_type="password",outcome="issued"}'
    const seen = []
    for (let scrape = 0; scrape < 4; scrape++) seen.push(await figure(node, name))
    expect(seen).toEqual(seen.map(() => SIGN_INS))
    expect(await figure(node, 'vestibule_workers')).toBe(WORKERS)
    const names = [...(await metricsOf(node)).matchAll(/^# TYPE (\S+)/gm)].map(([, type]) => type)
    expect(names).toHaveLength(new Set(names).size)
  })

  test('are opened to the command line by one admin.json, which lasts as long as the node', async () => {
    const node = await startWorkers()
    const path = join(String(node.settings.DATA_DIR), 'admin.json')
    expect(statSync(path).mode & 0o077).toBe(0)
    const { url, token } = JSON.parse(readFileSync(path, 'utf8'))
    expect(url).toBe(node.adminUrl)
    // Each request is another connection, so that every worker is asked.
    for (let request = 0; request < WORKERS * 2; request++) {
      const headers = { authorization: `Bearer ${token}`, connection: 'close' }
      expect((await fetch(`${url}/v1/keys`, { headers })).status).toBe(200)
    }
    process.kill(node.pid, 'SIGHUP')
    await waitFor(() => node.stdout().includes('the workers were replaced'), { deadlineMs: 120_000 })
    const keys = await runVestibule(['keys', 'list', '--json'], { DATA_DIR: String(node.settings.DATA_DIR) })
    expect([keys.code, keys.stderr]).toEqual([0, ''])
    await node.end('SIGTERM')
    expect(existsSync(path)).toBe(false)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('end in order at %s, with exit code 0', async (signal) => {
    const node = await startWorkers()
    const { access_token } = await tokensOf(node.url)
    expect(await introspect(node.url, access_token)).toMatchObject({ active: true })
    const workers = workersOf(node)
    // As a terminal and systemd do: the signal reaches the workers too.
    for (const pid of workers) process.kill(pid, signal)
    expect(await node.end(signal)).toEqual({ code: 0, signal: null })
    expect(node.stderr()).toBe('')
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow()
  })

  test('go on as they are when a new one does not start, and the log says that', async () => {
    const file = join(temporaryDirectory('setting'), 'mail-from')
    writeFileSync(file, 'no-reply@shop.example')
    const node = await startWorkers({ MAIL_FROM_FILE: file } as TestSettings)
    const before = workersOf(node)
    writeFileSync(file, 'nobody at all')
    process.kill(node.pid, 'SIGHUP')
    await waitFor(() => node.stdout().includes('"event":"workers.restart-failed"'), {
      deadlineMs: 60_000,
      what: 'the end',
    })
    expect(node.stderr()).toMatch(/MAIL_FROM is "nobody at all"/)
    await waitFor(() => workersOf(node).length === WORKERS)
    expect(workersOf(node)).toEqual(before)
    expect((await fetch(`${node.url}/health/ready`)).status).toBe(200)
  })

  test('end by the deadline, also one that hangs', async () => {
    const node = await startWorkers({ SHUTDOWN_DEADLINE_SECONDS: '1' })
    const [hanging = 0] = workersOf(node)
    process.kill(hanging, 'SIGSTOP')
    expect(await node.end('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(existsSync(`/proc/${hanging}`)).toBe(false)
  })

  test('do not outlive a primary that was killed with -9', async () => {
    const node = await startWorkers()
    const workers = workersOf(node)
    process.kill(node.pid, 'SIGKILL')
    const isGone = (pid: number) => !existsSync(`/proc/${pid}`)
    await waitFor(() => workers.every(isGone), { deadlineMs: 30_000, what: 'the workers to end' })
  })

  test('that die at once again and again make the node give up, and say why', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const node = await startWorkers({ DATABASE_URL })
    await dropDatabase(DATABASE_URL)
    for (const pid of workersOf(node)) process.kill(pid, 'SIGKILL')
    const { code, stderr } = await ended(node)
    expect(code).toBe(1)
    expect(stderr).toMatch(/DATABASE_URL does not answer/)
    expect(stderr).toMatch(/Stopped: workers exit with 1 right after they start/)
  })

  test('say once what is wrong with a start, and the node ends with 1', async () => {
    const node = await startWorkers()
    const { DATABASE_URL = '', PORT = '' } = node.settings
    const second = await startServerProcess({ WORKERS: '2', DATABASE_URL, PORT }, { waitUntilReady: false })
    const { code, stderr } = await ended(second)
    expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(/^PORT \d+ .*EADDRINUSE.*set PORT/)])
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

test('WORKERS above 1 is refused for the embedded database, which is for one process; auto makes one', async () => {
  const refused = await runVestibule(['serve'], { WORKERS: '4' })
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/WORKERS is 4 .*Set DATABASE_URL/)])
  server = await startServerProcess({ WORKERS: 'auto' })
  expect(server.stdout()).toContain('one process')
  expect(workersOf(server)).toEqual([])
})
