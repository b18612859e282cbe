import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import type Koa from 'koa'
import { type LocalAccess, leaveLocalAccess } from './admin/local-access.ts'
import { openApp } from './app.ts'
import type { Config } from './config.ts'
import { ListenError } from './http/listen-error.ts'
import { takePaths } from './http/request-target.ts'
import { dropUnreadBodies } from './http/unread-body.ts'
import { createLog, type Log } from './log.ts'

export type RunningServer = {
  readonly publicUrl: string
  readonly adminUrl: string
  /** Takes no new requests, lets those under way finish until the deadline, and closes everything in order. */
  stop(): Promise<void>
}

/** Opens everything and listens; `stop` undoes it in the opposite order. */
export async function start(
  config: Config,
  { log = createLog(config.LOG_LEVEL), onProgress = () => {} }: { log?: Log; onProgress?: (step: string) => void } = {},
): Promise<RunningServer> {
  const app = await openApp(config, log, onProgress)
  try {
    const publicServer = await listen(app.publicApp, config.PORT, config.HOST, 'PORT', PATIENCE)
    const adminServer = await listen(
      app.adminApp,
      config.ADMIN_PORT,
      config.ADMIN_HOST,
      'ADMIN_PORT',
      ADMIN_PATIENCE,
    ).catch(async (error) => {
      await close(publicServer, 0)
      throw error
    })
    const adminUrl = addressOf(adminServer)
    const takeBackAccess = leaveAccess(config, { url: adminUrl, token: app.adminToken }, log)
    return {
      publicUrl: config.ISSUER,
      adminUrl,
      async stop() {
        takeBackAccess()
        app.drain()
        await close(publicServer, config.SHUTDOWN_DEADLINE_SECONDS * 1000)
        await close(adminServer, 0)
        await app.close()
      },
    }
  } catch (error) {
    await app.close()
    throw error
  }
}

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
/** Operators send files that take minutes to read. */
const ADMIN_PATIENCE = { ...PATIENCE, requestTimeout: 0 }

async function listen(app: Koa, port: number, host: string, setting: string, patience: ServerOptions): Promise<Server> {
  const server = createServer(patience, dropUnreadBodies(takePaths(app.callback())))
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const fix =
        error.code === 'EADDRINUSE'
          ? `Something else listens there: stop it, or set ${setting} to a free port.`
          : `Set ${setting} or its host to an address this user may listen on.`
      reject(new ListenError(`${setting} ${port} on ${host} cannot be listened on (${error.code}). ${fix}`))
    })
    server.listen(port, host, () => resolve(server))
  })
}

/** A container may have no DATA_DIR to write to: then the command line needs ADMIN_TOKEN, and the server goes on. */
function leaveAccess(config: Config, access: LocalAccess, log: Log): () => void {
  try {
    return leaveLocalAccess(config.DATA_DIR, access)
  } catch (error) {
    log.warn({ err: error }, 'DATA_DIR cannot be written: set ADMIN_TOKEN to use the command line with this server')
    return () => {}
  }
}

async function close(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs)
  // Connections kept alive by clients become idle as their requests end.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  await closed
  clearTimeout(deadline)
  clearInterval(sweep)
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
