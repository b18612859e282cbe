import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readVersion } from './app/version.ts'
import { AdminError } from './cli/command/admin-client.ts'
import type { Command } from './cli/command/command.ts'
import { ConfigError } from './config.ts'
import { DatabaseError } from './database/database.ts'
import { ListenError } from './http/listener/listen-error.ts'
import { KeyStoreError } from './keys/key-store.ts'
import { plainLines } from './plain-text.ts'
import { StorageError } from './storage/storage.ts'
import { codeOf, messageOf } from './thrown.ts'

/** Each is loaded when it is named: a server should not hold what administers another one. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./cli/serve/serve.ts')).serve,
  migrate: async () => (await import('./cli/migrate.ts')).migrate,
  keys: async () => (await import('./cli/keys.ts')).keys,
  secrets: async () => (await import('./cli/secrets.ts')).secrets,
  clients: async () => (await import('./cli/clients/clients.ts')).clients,
  'resource-servers': async () => (await import('./cli/resource-servers.ts')).resourceServers,
  'initial-tokens': async () => (await import('./cli/clients/initial-tokens.ts')).initialTokens,
  customers: async () => (await import('./cli/customers/customers.ts')).customers,
  agents: async () => (await import('./cli/agents.ts')).agents,
  grants: async () => (await import('./cli/grants.ts')).grants,
  lockouts: async () => (await import('./cli/lockouts.ts')).lockouts,
  mandates: async () => (await import('./cli/mandates/mandates.ts')).mandates,
  'support-access': async () => (await import('./cli/support-access.ts')).supportAccess,
  outbox: async () => (await import('./cli/outbox/outbox.ts')).outbox,
  issuers: async () => (await import('./cli/providers/issuers.ts')).issuers,
  upstreams: async () => (await import('./cli/providers/upstreams.ts')).upstreams,
  'client-documents': async () => (await import('./cli/client-documents.ts')).clientDocuments,
  streams: async () => (await import('./cli/streams.ts')).streams,
  tokens: async () => (await import('./cli/tokens.ts')).tokens,
  dialects: async () => (await import('./cli/dialects.ts')).dialects,
  audit: async () => (await import('./cli/audit.ts')).audit,
  administrators: async () => (await import('./cli/administrators.ts')).administrators,
  'admin-tokens': async () => (await import('./cli/admin-tokens.ts')).adminTokens,
  views: async () => (await import('./cli/views.ts')).views,
  doctor: async () => (await import('./cli/doctor/doctor.ts')).doctor,
  restored: async () => (await import('./cli/restored.ts')).restored,
  demo: async () => (await import('./cli/demo.ts')).demo,
  claims: async () => (await import('./cli/reference/claims.ts')).claims,
  config: async () => (await import('./cli/config.ts')).config,
  'log-events': async () => (await import('./cli/log-events.ts')).logEvents,
}
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
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    const isHelp = ['help', '--help', '-h'].includes(name)
    if (!isHelp) console.error(`There is no command "${name}".\n`)
    console.log(await usage())
    return isHelp ? 0 : 2
  }
  const command = await load()
  if (rest.includes('--help') || rest.includes('-h')) return say(command.help)
  try {
    return await command.run(rest, environment)
  } catch (error) {
    const isUsage = String(codeOf(error)).startsWith('ERR_PARSE_ARGS')
    if (!isUsage && !EXPECTED.some((kind) => error instanceof kind)) throw error
    console.error(plainLines(messageOf(error)))
    return isUsage ? 2 : 1
  }
}

function say(text: string): number {
  console.log(text)
  return 0
}

async function usage(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()))
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`)
  return `Usage: vestibule COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\n"vestibule COMMAND --help" explains a command.`
}

/** `node src/main.ts serve` is this file run by itself; the launcher imports it. */
const [, program] = process.argv
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
