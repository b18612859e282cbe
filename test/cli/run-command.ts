import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { format } from 'node:util'
import { runCommand as run } from '../../src/main.ts'
import type { CliResult } from './run-cli.ts'

type Call = { readonly stdin: Readable; stdout: string; stderr: string }

const calls = new AsyncLocalStorage<Call>()
redirectStreams()

/**
 * Runs a command as `runCli` does, but inside this process, which spares the start of another one: for tests about what
 * a command does and says. What it reads and writes is its own, also while other commands run.
 */
export async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  input = '',
): Promise<CliResult> {
  const call: Call = { stdin: Readable.from([Buffer.from(input)]), stdout: '', stderr: '' }
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment }
  const code = await calls.run(call, () => run(args, env))
  return { code, stdout: call.stdout, stderr: call.stderr }
}

/** Gives each call streams of its own; what is not part of a call has those of the process. */
function redirectStreams(): void {
  const { log, error } = console
  const write = process.stdout.write.bind(process.stdout) as (text: string | Uint8Array) => boolean
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin')
  console.log = (...given) => collect('stdout', `${format(...given)}\n`) || log(...given)
  console.error = (...given) => collect('stderr', `${format(...given)}\n`) || error(...given)
  process.stdout.write = (text: string | Uint8Array) => collect('stdout', String(text)) || write(text)
  Object.defineProperty(process, 'stdin', { ...stdin, get: () => calls.getStore()?.stdin ?? stdin?.get?.call(process) })
}

function collect(stream: 'stdout' | 'stderr', text: string): boolean {
  const call = calls.getStore()
  if (call) call[stream] += text
  return call !== undefined
}
