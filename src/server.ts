import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type Koa from 'koa'
import { leaveLocalAccess } from './admin/local-access.ts'
import { openApp } from './app.ts'
import type { Config } from './config.ts'
import { closeServer } from './http/listener/close-server.ts'
import { createLastAnswers } from './http/listener/last-answers.ts'
import { ListenError } from './http/listener/listen-error.ts'
import { takePaths } from './http/listener/request-target.ts'
import { dropUnreadBodies } from './http/listener/unread-body.ts'
import { createUnreadableRequests } from './http/listener/unreadable-requests.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'

export type RunningServer = {
  readonly publicUrl: string
  readonly adminUrl: string
  /**
   * Tells balancers and clients to go elsewhere, then takes no new requests, lets those under way finish until the
   * deadline, and closes everything in order. A server whose place another process takes is ready to the last.
   */
  stop(how?: { isReplaced: boolean }): Promise<void>
}

export type StartOptions = {
  readonly log?: Log
  readonly metrics?: Metrics
  readonly onProgress?: (step: string) => void
  /** Whether the command line finds this server by DATA_DIR. Of several workers none leaves that behind. */
  readonly isFoundLocally?: boolean
}

/** Opens everything and listens; `stop` undoes it in the opposite order. */
export async function start(config: Config, options: StartOptions = {}): Promise<RunningServer> {
  const { log = createLog(config.LOG_LEVEL), metrics = createMetrics(), isFoundLocally = true } = options
  const app = await openApp(config, { log, metrics, onProgress: options.onProgress ?? (() => {}) })
  const lastAnswers = createLastAnswers()
  try {
    const unreadable = createUnreadableRequests((line) =>
      log.info(line, `a request that cannot be read: ${line.status}`),
    )
    const handle = lastAnswers.watch(unreadable.watch(app.fastPath(handleWith(app.publicApp, unreadable))))
    const publicServer = await listen(
      handle,
      { port: config.PORT, host: config.HOST, setting: 'PORT' },
      PATIENCE,
      unreadable,
    )
    const adminAddress = { port: config.ADMIN_PORT, host: config.ADMIN_HOST, setting: 'ADMIN_PORT' }
    const adminServer = await listen(
      unreadable.watch(handleWith(app.adminApp, unreadable)),
      adminAddress,
      ADMIN_PATIENCE,
      unreadable,
    ).catch(async (error) => {
      await closeServer(publicServer, { deadlineMs: 0, lateMs: 0 })
      throw error
    })
    const adminUrl = addressOf(adminServer)
    const takeBackAccess = isFoundLocally
      ? leaveLocalAccess(config.DATA_DIR, { url: adminUrl, token: app.adminToken }, log)
      : () => {}
    return {
      publicUrl: config.ISSUER,
      adminUrl,
      async stop({ isReplaced } = { isReplaced: false }) {
        takeBackAccess()
        lastAnswers.begin()
        if (!isReplaced) app.drain()
        app.endWaits()
        const graceMs = Math.max(config.SHUTDOWN_GRACE_SECONDS * 1000, isReplaced ? HAND_OVER_MS : 0)
        await pause(graceMs)
        const lateMs = Math.min(graceMs, LATE_REQUEST_MS)
        await closeServer(publicServer, { deadlineMs: config.SHUTDOWN_DEADLINE_SECONDS * 1000, lateMs })
        await closeServer(adminServer, { deadlineMs: 0, lateMs: 0 })
        await app.close()
      },
    }
  } catch (error) {
    await app.close()
    throw error
  }
}

/** Time for clients that keep a connection to this process to hear, with an answer, that it ends. */
const HAND_OVER_MS = 2000
/** A connection that a balancer opened just before the listener closed may carry a request that was not read yet. */
const LATE_REQUEST_MS = 1000

/**
 * A client that trickles its request in must not hold a connection for long. One kept alive must outlast what balancers
 * keep (a minute): a request sent as it is closed would be lost.
 */
const PATIENCE = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 75_000,
}
/** More than a token of ours can have, in any form: Node would refuse more than 16 KB. */
const MOST_HEADER_BYTES = 32 * 1024
/** Operators send files that take minutes to read. */
const ADMIN_PATIENCE = { ...PATIENCE, requestTimeout: 0 }

type Unreadable = ReturnType<typeof createUnreadableRequests>

function handleWith(app: Koa, { refuse }: Unreadable): RequestListener {
  const refuseTarget: RequestListener = (request, response) => refuse(request, response, 400, 'target')
  return dropUnreadBodies(takePaths(app.callback(), refuseTarget))
}

/** Where to listen, and the setting that says so. */
type Address = { readonly port: number; readonly host: string; readonly setting: string }

async function listen(
  handle: RequestListener,
  { port, host, setting }: Address,
  patience: ServerOptions,
  { listenTo }: Unreadable,
): Promise<Server> {
  // Node would answer requests without a host by itself.
  const server = createServer({ ...patience, maxHeaderSize: MOST_HEADER_BYTES, requireHostHeader: false }, handle)
  listenTo(server)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const fix =
        error.code === 'EADDRINUSE'
          ? `Another program uses this port: stop it, or set ${setting} to a free port.`
          : `Set ${setting} or its host to an address that this user may listen on.`
      reject(new ListenError(`${setting} ${port} cannot be opened on ${host} (${error.code}). ${fix}`))
    })
    server.listen(port, host, () => resolve(server))
  })
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo // listening on a port, not on a pipe
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
