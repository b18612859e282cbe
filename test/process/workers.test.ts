import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { descendants } from '../support/daemon.ts'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { dropDatabase } from '../support/sql.ts'
import { waitFor } from '../support/wait-for.ts'
import { describeLoad, startSteadyLoad } from './steady-load.ts'
import { ended, runVestibule } from './vestibule.ts'

const WORKERS = 2
const CLIENTS = 6

let server: ServerProcess | undefined
afterEach(async () => {
  await server?.kill()
  server = undefined
})

async function startWorkers(settings: TestSettings = {}): Promise<ServerProcess> {
  const DATABASE_URL = settings.DATABASE_URL ?? (await createDatabase({ demo: true }))
  const node = await startServerProcess({ WORKERS: String(WORKERS), LOG_LEVEL: 'warn', ...settings, DATABASE_URL })
  await waitFor(() => node.stdout().includes(`${WORKERS} workers`), { what: 'all workers' })
  return node
}

/** A node that the test may end: what is left of it ends with the test. */
async function startOwnWorkers(settings: TestSettings = {}): Promise<ServerProcess> {
  server = await startWorkers(settings)
  return server
}

const workersOf = ({ pid }: ServerProcess) => descendants(pid)
const metricsOf = async ({ adminUrl }: ServerProcess) => (await fetch(`${adminUrl}/metrics`)).text()
const timesSaid = (text: string, { stdout }: ServerProcess) => stdout().split(text).length - 1

/** Sends SIGHUP and waits until the node says how that ended. */
async function restartWorkers(node: ServerProcess, ending: string): Promise<void> {
  const before = timesSaid(ending, node)
  process.kill(node.pid, 'SIGHUP')
  await waitFor(() => timesSaid(ending, node) > before, { what: `"${ending}"` })
}

async function figure(of: ServerProcess, name: string): Promise<number> {
  const escaped = name.replace(/[{}]/g, '\\$&')
  return Number(new RegExp(`^${escaped} (\\d+)`, 'm').exec(await metricsOf(of))?.[1] ?? 0)
}

const ISSUED_BY_PASSWORD = 'vestibule_token_requests_total{grant_type="password",outcome="issued"}'
const ISSUED_BY_REFRESH = 'vestibule_token_requests_total{grant_type="refresh_token",outcome="issued"}'
const DEATHS = 'vestibule_worker_deaths_total'

describeOn('postgres', 'several workers', () => {
  describe('of one node', () => {
    const mailFrom = join(temporaryDirectory('setting'), 'mail-from')
    let node: ServerProcess
    beforeAll(async () => {
      writeFileSync(mailFrom, 'no-reply@shop.example')
      node = await startWorkers({ MAIL_FROM_FILE: mailFrom } as TestSettings)
    })
    afterAll(() => node?.kill())

    test('answer /metrics as one server, whichever of them is asked', async () => {
      const SIGN_INS = 6
      const before = await figure(node, ISSUED_BY_PASSWORD)
      for (let signIn = 0; signIn < SIGN_INS; signIn++) await tokensOf(node.url)
      const seen = []
      for (let scrape = 0; scrape < 4; scrape++) seen.push(await figure(node, ISSUED_BY_PASSWORD))
      expect(seen).toEqual(seen.map(() => before + SIGN_INS))
      expect(await figure(node, 'vestibule_workers')).toBe(WORKERS)
      const names = [...(await metricsOf(node)).matchAll(/^# TYPE (\S+)/gm)].map(([, type]) => type)
      expect(names).toHaveLength(new Set(names).size)
    })

    test('are replaced one after another at SIGHUP, under load, without a failed request', async () => {
      const before = workersOf(node)
      expect(before).toHaveLength(WORKERS)
      const issuedBefore = await figure(node, ISSUED_BY_REFRESH)
      const deathsBefore = await figure(node, DEATHS)
      const load = await startSteadyLoad(node.url, { clients: CLIENTS })
      await waitFor(() => load.answered() > 100, { what: 'load' })

      await restartWorkers(node, 'the workers were replaced')
      const after = workersOf(node)
      const answered = load.answered()
      await waitFor(() => load.answered() > answered + 100, { what: 'load on the new workers' })
      const figures = await load.stop()
      console.log(describeLoad('rolling restart', figures))

      expect(figures.failures).toEqual([])
      expect(figures.connectionsEnded).toBeGreaterThan(0)
      expect(after).toHaveLength(WORKERS)
      expect(after.filter((pid) => before.includes(pid))).toEqual([])
      // Two a round; what the old workers had counted is in the totals still.
      expect(await figure(node, ISSUED_BY_REFRESH)).toBeGreaterThan(issuedBefore + figures.answered / 4)
      expect(await figure(node, DEATHS)).toBe(deathsBefore)
    })

    test('lose nothing but what was under way in one that is killed with -9, and get another in its place', async () => {
      const deathsBefore = await figure(node, DEATHS)
      const [victim = 0, ...others] = workersOf(node)
      const load = await startSteadyLoad(node.url, { clients: CLIENTS })
      await waitFor(() => load.answered() > 100, { what: 'load' })

      process.kill(victim, 'SIGKILL')
      const isWhole = () => {
        const now = workersOf(node)
        return now.length === WORKERS && !now.includes(victim)
      }
      await waitFor(isWhole, { what: 'another worker' })
      await waitFor(async () => (await figure(node, 'vestibule_workers')) === WORKERS)
      const answered = load.answered()
      await waitFor(() => load.answered() > answered + 100, { what: 'load on all workers' })
      const figures = await load.stop()
      console.log(describeLoad('kill -9', figures))

      // A client has one request under way at most, and its refresh may be lost with it; the next one succeeds.
      expect(figures.failures.length).toBeLessThanOrEqual(CLIENTS)
      for (const failure of figures.failures) expect(failure).toMatch(/ECONNRESET|socket hang up/)
      expect(workersOf(node)).toEqual(expect.arrayContaining(others))
      expect(await figure(node, DEATHS)).toBe(deathsBefore + 1)
      expect(node.stdout()).toMatch(new RegExp(`"event":"workers.died".*"pid":${victim}`))
    })

    test('go on as they are when a new one does not start, and the log says that', async () => {
      const before = workersOf(node)
      writeFileSync(mailFrom, 'nobody at all')
      await restartWorkers(node, '"event":"workers.restart-failed"')
      writeFileSync(mailFrom, 'no-reply@shop.example')
      expect(node.stderr()).toMatch(/MAIL_FROM is "nobody at all"/)
      await waitFor(() => workersOf(node).length === WORKERS)
      expect(workersOf(node)).toEqual(before)
      expect((await fetch(`${node.url}/health/ready`)).status).toBe(200)
    })

    test('say once what is wrong with a start, and the node ends with 1', async () => {
      const { DATABASE_URL = '', PORT = '' } = node.settings
      const second = await startServerProcess({ WORKERS: '2', DATABASE_URL, PORT }, { waitUntilReady: false })
      const { code, stderr } = await ended(second)
      expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(/^PORT \d+ .*EADDRINUSE.*set PORT/)])
      expect(stderr.trim().split('\n')).toHaveLength(1)
    })

    test('are opened to the command line by one admin.json, which lasts as long as the node', async () => {
      const path = join(String(node.settings.DATA_DIR), 'admin.json')
      expect(statSync(path).mode & 0o077).toBe(0)
      const { url, token } = JSON.parse(readFileSync(path, 'utf8'))
      expect(url).toBe(node.adminUrl)
      // Each request is another connection, so that every worker is asked.
      for (let request = 0; request < WORKERS * 2; request++) {
        const headers = { authorization: `Bearer ${token}`, connection: 'close' }
        expect((await fetch(`${url}/v1/keys`, { headers })).status).toBe(200)
      }
      await restartWorkers(node, 'the workers were replaced')
      const keys = await runVestibule(['keys', 'list', '--json'], { DATA_DIR: String(node.settings.DATA_DIR) })
      expect([keys.code, keys.stderr]).toEqual([0, ''])
      await node.end('SIGTERM')
      expect(existsSync(path)).toBe(false)
    })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('end in order at %s, with exit code 0', async (signal) => {
    const node = await startOwnWorkers()
    const { access_token } = await tokensOf(node.url)
    expect(await introspect(node.url, access_token)).toMatchObject({ active: true })
    const workers = workersOf(node)
    // As a terminal and systemd do: the signal reaches the workers too.
    for (const pid of workers) process.kill(pid, signal)
    expect(await node.end(signal)).toEqual({ code: 0, signal: null })
    expect(node.stderr()).toBe('')
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow()
  })

  test('end by the deadline, also one that hangs', async () => {
    const node = await startOwnWorkers({ SHUTDOWN_DEADLINE_SECONDS: '1' })
    const [hanging = 0] = workersOf(node)
    process.kill(hanging, 'SIGSTOP')
    expect(await node.end('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(existsSync(`/proc/${hanging}`)).toBe(false)
  })

  test('do not outlive a primary that was killed with -9', async () => {
    const node = await startOwnWorkers()
    const workers = workersOf(node)
    process.kill(node.pid, 'SIGKILL')
    const isGone = (pid: number) => !existsSync(`/proc/${pid}`)
    await waitFor(() => workers.every(isGone), { what: 'the workers to end' })
  })

  test('that die at once again and again make the node give up, and say why', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const node = await startOwnWorkers({ DATABASE_URL })
    await dropDatabase(DATABASE_URL)
    for (const pid of workersOf(node)) process.kill(pid, 'SIGKILL')
    const { code, stderr } = await ended(node)
    expect(code).toBe(1)
    expect(stderr).toMatch(/refuses DATABASE_URL \(3D000\): there is no such database/)
    expect(stderr).toMatch(/Stopped: workers exit with 1 right after they start/)
  })
})

test('WORKERS above 1 is refused for the embedded database, which is for one process; auto makes one', async () => {
  const refused = await runVestibule(['serve'], { WORKERS: '4' })
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/WORKERS is 4 .*Set DATABASE_URL/)])
  server = await startServerProcess({ WORKERS: 'auto' })
  expect(server.stdout()).toContain('one process')
  expect(workersOf(server)).toEqual([])
})
