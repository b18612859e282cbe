import { Agent, get } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { describeLoad, startSteadyLoad } from './steady-load.ts'

const CLIENTS = 6
const GRACE = { SHUTDOWN_GRACE_SECONDS: '3' } as const

const nodes: ServerProcess[] = []
let balancer: Balancer | undefined
afterEach(async () => {
  await balancer?.close()
  await Promise.all(nodes.splice(0).map((node) => node.kill()))
})

async function startNode(settings: Parameters<typeof startServerProcess>[0]): Promise<ServerProcess> {
  const node = await startServerProcess({ LOG_LEVEL: 'warn', ...settings })
  nodes.push(node)
  return node
}

describeOn('postgres', 'two nodes behind a balancer', () => {
  test('lose no request when one is told to stop under load, and none when it comes back', async () => {
    const port = await freePort()
    const ISSUER = `http://localhost:${port}`
    const shared = { ...GRACE, ISSUER, KEYS_URL: 'sql:', DATABASE_URL: await createDatabase({ demo: true }) }
    const first = await startNode(shared)
    const second = await startNode(shared)
    balancer = await startBalancer(port, [first, second])
    const load = await startSteadyLoad(ISSUER, { clients: CLIENTS })
    const more = async (what: string) => {
      const answered = load.answered()
      await waitFor(() => load.answered() > answered + 200, { what })
    }
    await more('load on two nodes')

    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null })
    await more('load on one node')
    const again = await startNode(first.settings)
    await waitFor(async () => (await fetch(`${again.url}/health/ready`)).ok)
    await more('load on two nodes again')
    const figures = await load.stop()
    console.log(describeLoad('a node left and came back', figures))
    expect(figures.failures).toEqual([])
  })
})

test('a node that leaves says so: 503 for balancers at once, answers that close their connection, then no more', async () => {
  const node = await startNode(GRACE)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (path: string) =>
    new Promise<{ status: number | undefined; connection: string | undefined; body: string }>((resolve, reject) => {
      get(`${node.url}${path}`, { agent }, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode, connection: answer.headers.connection, body }))
      }).on('error', reject)
    })
  expect(await ask('/health/ready')).toMatchObject({ status: 200, connection: 'keep-alive' })

  process.kill(node.pid, 'SIGTERM')
  await waitFor(() => node.stdout().includes('finishing'))
  const ready = await ask('/health/ready')
  expect(ready).toMatchObject({ status: 503, connection: 'close' })
  expect(JSON.parse(ready.body).status).toBe('draining')
  expect(await ask('/health/live')).toMatchObject({ status: 200, connection: 'close' })
  expect(await ask('/jwks')).toMatchObject({ status: 200, connection: 'close' })

  expect(await node.exited).toEqual({ code: 0, signal: null })
  await expect(ask('/jwks')).rejects.toThrow('ECONNREFUSED')
  agent.destroy()
})
