import type { Config } from '../../config.ts'
import { AdminError, createAdminClient } from '../command/admin-client.ts'
import { examineClientColors } from './doctor-brand.ts'
import { examineClients } from './doctor-clients.ts'
import { examineOutbox } from './doctor-outbox.ts'
import { ask, bad, type Finding, ok } from './findings.ts'

type Health = {
  readonly version: string
  readonly checks: readonly { readonly name: string; readonly status: 'up' | 'down'; readonly problem?: string }[]
  readonly clockSkewSeconds?: number
}

const MAX_CLOCK_SKEW_SECONDS = 5

/** What to do about a part that is down. */
const FIXES: Readonly<Record<string, string>> = {
  database: 'Start the database, or correct DATABASE_URL. Unset DATABASE_URL to use the embedded database in DATA_DIR.',
  storage: 'Start Redis, or correct REDIS_URL. Unset REDIS_URL to keep sessions in the database.',
  keys: 'Check KEYS_URL and KEY_ENCRYPTION_KEY. If no key signs, run "npx vestibule keys rotate --force".',
  mail: 'Set MAIL_URL to a mail server that answers. Until then customers cannot confirm an account or recover a password.',
}

/** How the server says it is: by the admin API where that opens, otherwise by its probe. */
export async function examineInside(config: Config, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const admin = createAdminClient(environment)
    const health = await admin.call<Health>('GET', '/v1/health')
    return [
      ok('admin', `the admin API answers; version ${health.version}`),
      ...health.checks.map(({ name, status, problem }) =>
        status === 'up' ? ok(name, 'it answers') : bad(name, `${problem ?? 'down'}. ${FIXES[name] ?? ''}`),
      ),
      ...databaseClock(health),
      ...(await examineClients(config, admin)),
      ...(await examineClientColors(admin)),
      ...(await examineOutbox(admin)),
    ]
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    return [bad('admin', error.message), await readiness(config)]
  }
}

function databaseClock({ clockSkewSeconds }: Health): Finding[] {
  if (clockSkewSeconds === undefined || Math.abs(clockSkewSeconds) <= MAX_CLOCK_SKEW_SECONDS) return []
  const order = clockSkewSeconds > 0 ? 'ahead of' : 'behind'
  const apart = Math.abs(clockSkewSeconds)
  return [bad('database clock', `the server is ${apart} s ${order} the database. Run a time service on both.`)]
}

async function readiness({ PORT }: Config): Promise<Finding> {
  const url = `http://127.0.0.1:${PORT}/health/ready`
  const response = await ask(url)
  if (typeof response === 'string') {
    return bad('server', `nothing answers at ${url} (${response}). Start it with "npx vestibule serve".`)
  }
  const { status } = (await response.json().catch(() => ({}))) as { status?: string } // every member may be missing
  return response.ok
    ? ok('server', 'it answers and is ready')
    : bad('server', `it answers and is ${status ?? response.status}. Read its log.`)
}
