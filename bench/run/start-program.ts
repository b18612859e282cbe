import { connect } from 'node:net'
import { type Daemon, startDaemon } from '../../test/support/daemon.ts'
import { temporaryDirectory } from '../../test/support/run-directory.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import type { Cores, Pinning } from './cores.ts'

/** Starts a server of this folder on `port`, which its one argument names, and waits until it listens. */
export async function startProgram(
  program: string,
  input: { readonly port: number },
  { pinning, cores }: { readonly pinning: Pinning; readonly cores: Cores },
): Promise<Daemon> {
  const command = pinning.on(cores, [process.execPath, '--max-semi-space-size=8', program, JSON.stringify(input)])
  const [name = '', ...args] = command
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production' }
  const daemon = await startDaemon(name, args, { cwd: temporaryDirectory('program'), env })
  await waitFor(async () => !daemon.isRunning() || (await listens(input.port)), { what: `${program} to listen` })
  if (!daemon.isRunning()) throw new Error(`${program} ended while starting: ${daemon.stderr()}`)
  return daemon
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}
