import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readVersion } from './app/version.ts'
import { adminTokens } from './cli/admin-tokens.ts'
import { administrators } from './cli/administrators.ts'
import { agents } from './cli/agents.ts'
import { audit } from './cli/audit.ts'
import { clients } from './cli/clients.ts'
import { AdminError } from './cli/command/admin-client.ts'
import type { Command } from './cli/command/command.ts'
import { config } from './cli/config.ts'
import { customers } from './cli/customers.ts'
import { demo } from './cli/demo.ts'
import { dialects } from './cli/dialects.ts'
import { doctor } from './cli/doctor/doctor.ts'
import { grants } from './cli/grants.ts'
import { keys } from './cli/keys.ts'
import { lockouts } from './cli/lockouts.ts'
import { logEvents } from './cli/log-events.ts'
import { migrate } from './cli/migrate.ts'
import { resourceServers } from './cli/resource-servers.ts'
import { restored } from './cli/restored.ts'
import { secrets } from './cli/secrets.ts'
import { serve } from './cli/serve/serve.ts'
import { tokens } from './cli/tokens.ts'
import { ConfigError } from './config.ts'
import { DatabaseError } from './database/database.ts'
import { ListenError } from './http/listener/listen-error.ts'
import { KeyStoreError } from './keys/key-store.ts'
import { StorageError } from './storage/storage.ts'
import { codeOf, messageOf } from './thrown.ts'

const commands: readonly Command[] = [
  serve,
  migrate,
  keys,
  secrets,
  clients,
  resourceServers,
  customers,
  agents,
  grants,
  lockouts,
  tokens,
  dialects,
  audit,
  administrators,
  adminTokens,
  doctor,
  restored,
  demo,
  config,
  logEvents,
]
/** Operators meet these: one sentence, no stack. */
const EXPECTED = [AdminError, ConfigError, DatabaseError, KeyStoreError, ListenError, StorageError]

/** Runs the command that `args` names; the process ends with its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  process.exitCode = await runCommand(args, process.env)
}

/** Picks the command that `args` names and runs it with the settings of `environment`. Returns the exit code. */
export async function runCommand(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [name = 'help', ...rest] = args
  if (name === '--version' || name === '-V') return say(readVersion())
  const command = commands.find((candidate) => candidate.name === name)
  if (!command) {
    const isHelp = ['help', '--help', '-h'].includes(name)
    if (!isHelp) console.error(`There is no command "${name}".\n`)
    console.log(usage())
    return isHelp ? 0 : 2
  }
  if (rest.includes('--help') || rest.includes('-h')) return say(command.help)
  try {
    return await command.run(rest, environment)
  } catch (error) {
    const isUsage = String(codeOf(error)).startsWith('ERR_PARSE_ARGS')
    if (!isUsage && !EXPECTED.some((kind) => error instanceof kind)) throw error
    console.error(messageOf(error))
    return isUsage ? 2 : 1
  }
}

function say(text: string): number {
  console.log(text)
  return 0
}

function usage(): string {
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`)
  return `Usage: vestibule COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\n"vestibule COMMAND --help" explains a command.`
}

/** `node src/main.ts serve` is this file run by itself; the launcher imports it. */
const [, program] = process.argv
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
