/**
 * How long does it take to bring a shop's customers over? Writes a file of customers with companies and bcrypt hashes,
 * which need no wrapping, starts a private Postgres and a server on it, and imports the file with the command line.
 * Then the same rows are only inserted, as the ceiling to compare with.
 *
 * npm run bench:import [-- customers]
 */
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { createWriteStream, readFileSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../test/support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory, temporaryDirectory } from '../test/support/run-directory.ts'
import { startServerProcess } from '../test/support/server.ts'
import { timeBareInsert } from './bare-insert.ts'

const COUNT = Number(process.argv[2] ?? 100_000)
const PROGRAM = fileURLToPath(new URL('../bin/vestibule.js', import.meta.url))
const BUYERS_PER_COMPANY = 20
const BCRYPT_LENGTH = 53

const directory = openRunDirectory()
const stops: (() => Promise<unknown>)[] = []
try {
  const file = join(temporaryDirectory('import'), 'customers.ndjson')
  await pipeline(Readable.from(customers(COUNT)), createWriteStream(file))
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  const DATABASE_URL = await postgres.createDatabase()
  const server = await startServerProcess({
    DATABASE_URL,
    ADMIN_TOKEN: 'only-for-this-measurement',
    LOG_LEVEL: 'fatal',
  })
  stops.push(() => server.end('SIGTERM'))

  const loadBefore = loadavg()[0] ?? 0
  const startedMs = performance.now()
  const env = { PATH: process.env.PATH, ADMIN_URL: server.adminUrl, ADMIN_TOKEN: 'only-for-this-measurement' }
  const cli = spawn(process.execPath, [PROGRAM, 'customers', 'import', file], {
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let progress = ''
  cli.stderr.setEncoding('utf8').on('data', (text: string) => {
    progress = (progress + text).slice(-1000)
  })
  const code = await new Promise((resolve) => cli.once('close', resolve))
  const seconds = (performance.now() - startedMs) / 1000
  if (code !== 0) throw new Error(`the import ended with ${code}: ${progress}${server.stderr()}`)
  const used = { server: coreSeconds([server.pid]), postgres: coreSeconds([postgres.pid, ...childrenOf(postgres.pid)]) }
  const loadAfter = loadavg()[0] ?? 0
  const bareSeconds = await timeBareInsert(DATABASE_URL)
  report([
    ['customers, each with a company user', String(COUNT)],
    ['file, MB', megabytes(statSync(file).size)],
    ['seconds, command line start to end', seconds.toFixed(1)],
    ['customers a second', Math.round(COUNT / seconds).toString()],
    ['bare inserts of the same rows, seconds', bareSeconds.toFixed(1)],
    ['import to bare inserts', (seconds / bareSeconds).toFixed(2)],
    ['server on a core, seconds', used.server],
    ['Postgres on a core, seconds', used.postgres],
    ['peak memory of the server, MB', peakMemory(server.pid)],
    ['load average before', loadBefore.toFixed(1)],
    ['load average after', loadAfter.toFixed(1)],
  ])
} finally {
  for (const stop of stops.reverse()) await stop()
  closeRunDirectory(directory)
}

/** Companies of twenty buyers; each company has its own three roles, and a buyer has one or two of them. */
function* customers(count: number): Generator<string> {
  for (let index = 0; index < count; index++) {
    const company = Math.floor(index / BUYERS_PER_COMPANY)
    const names = index % BUYERS_PER_COMPANY === 0 ? ['Admin', 'Buyer'] : [index % 2 ? 'Buyer' : 'Approver']
    const customer = {
      email: `buyer-${index}@company-${company}.example`,
      customerReference: `BENCH--${index}`,
      givenName: `Given ${index}`,
      familyName: `Family ${index}`,
      locale: 'de_DE',
      emailVerified: true,
      password: { scheme: 'bcrypt', hash: `$2y$10$${bcryptText(index)}` },
      companyUsers: [
        {
          id: uuid('company user', index),
          company: { id: uuid('company', company), name: `Company ${company}` },
          isActive: true,
          isDefault: true,
          roles: names.map((name) => ({ id: uuid(`role ${name}`, company), name, permissions: permissions(name) })),
        },
      ],
    }
    yield `${JSON.stringify(customer)}\n`
  }
}

function permissions(role: string): object[] {
  return [
    { key: 'SeePricePermissionPlugin', configuration: {} },
    { key: 'PlaceOrderWithAmountUpToPermissionPlugin', configuration: { cent_amount: role === 'Admin' ? 1e6 : 5e4 } },
    { key: 'ReadSharedCartPermissionPlugin', configuration: { id_quote_collection: [1, 2, 3] } },
  ]
}

/** No real hash: nobody signs in here, and bcrypt would take half an hour. */
function bcryptText(index: number): string {
  return hash('sha512', `bcrypt ${index}`, 'base64')
    .replaceAll('+', '.')
    .slice(0, BCRYPT_LENGTH - 1)
    .concat('u')
}

function uuid(kind: string, index: number): string {
  const digits = hash('sha1', `${kind} ${index}`)
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-5${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`
}

/** The most the process has ever had in memory; only Linux says. */
function peakMemory(pid: number): string {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return megabytes(Number(kilobytes) * 1024)
  } catch {
    return 'not known here'
  }
}

/** User and system time of the processes so far, their start included. */
function coreSeconds(pids: readonly number[]): string {
  try {
    const hundredths = pids.map((pid) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return Number(fields[11]) + Number(fields[12])
    })
    return (hundredths.reduce((sum, each) => sum + each, 0) / 100).toFixed(1)
  } catch {
    return 'not known here'
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  } catch {
    return []
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}

function report(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value.padStart(9)}`)
}
