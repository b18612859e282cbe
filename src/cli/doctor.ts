import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findLocalAccess } from '../admin/local-access.ts'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { AdminError, createAdminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { printJson } from './print.ts'

const HELP = `Usage: vestibule doctor [--json]

Looks at the settings and at the running server, and says for each finding what to do. Exit code 1 when something is wrong.

Example: npx vestibule doctor`

const TIMEOUT_MS = 3000
const MAX_CLOCK_SKEW_SECONDS = 30

type Finding = { readonly check: string; readonly isWell: boolean; readonly detail: string }

/** Finds what is wrong with an installation, and says how to mend it. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'look for problems and say how to mend them',
  help: HELP,
  async run(args, environment) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } })
    const findings = await examine(environment)
    if (values.json) printJson({ findings })
    else
      for (const { check, isWell, detail } of findings) console.log(`${isWell ? 'ok  ' : 'BAD '} ${check}: ${detail}`)
    return findings.every(({ isWell }) => isWell) ? 0 : 1
  },
}

async function examine(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let config: Config
  try {
    config = readConfig(environment)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((detail) => bad('settings', detail))
  }
  const server = await Promise.all([readiness(config), issuer(config), adminAccess(environment)])
  return [ok('settings', 'all settings can be read'), ...server.flat(), ...keyFiles(config), ...cookies(config)]
}

async function readiness(config: Config): Promise<Finding[]> {
  const url = `http://127.0.0.1:${config.PORT}/health/ready`
  const response = await ask(url)
  if (typeof response === 'string') {
    return [bad('server', `nothing answers at ${url} (${response}). Start it with "npx vestibule serve".`)]
  }
  const { status, checks = {} } = (await response.json()) as { status: string; checks?: Record<string, string> }
  const down = Object.entries(checks).filter(([, state]) => state !== 'up')
  if (down.length === 0) return [ok('server', `it answers and is ${status}`)]
  return down.map(([name]) =>
    bad(name, `the server cannot reach it. Look at its address in the settings and at its own log.`),
  )
}

async function issuer({ ISSUER }: Config): Promise<Finding[]> {
  const response = await ask(`${ISSUER}/.well-known/openid-configuration`)
  if (typeof response === 'string') {
    return [
      bad('issuer', `${ISSUER} is not reachable from here (${response}). Correct ISSUER, DNS or the proxy in front.`),
    ]
  }
  const metadata = (await response.json().catch(() => ({}))) as { issuer?: string; token_endpoint?: string }
  const findings = [
    metadata.issuer === ISSUER && metadata.token_endpoint?.startsWith(ISSUER)
      ? ok('issuer', `${ISSUER} leads here`)
      : bad(
          'issuer',
          `${ISSUER} leads to a server that calls itself ${metadata.issuer ?? 'nothing'}. Point it at this one.`,
        ),
  ]
  const skew = Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now()) / 1000
  if (skew > MAX_CLOCK_SKEW_SECONDS)
    findings.push(
      bad('clock', `this machine and the server differ by ${Math.round(skew)} s. Run a time service on both.`),
    )
  else findings.push(ok('clock', 'this machine and the server agree'))
  return findings
}

async function adminAccess(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const keys = await createAdminClient(environment).list<{ algorithm: string; state: string }>('/v1/keys')
    const signers = keys.filter(({ state }) => state === 'active').map(({ algorithm }) => algorithm)
    return [
      ok('admin', 'the admin API opens'),
      signers.length > 0
        ? ok('keys', `signing with ${signers.join(', ')}`)
        : bad('keys', 'no key signs. Run "npx vestibule keys rotate --force".'),
    ]
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    return [bad('admin', error.message)]
  }
}

function keyFiles({ KEYS_URL, KEY_ENCRYPTION_KEY, DATA_DIR }: Config): Finding[] {
  const findings: Finding[] = []
  const access = findLocalAccess(DATA_DIR)
  if (access && isReadableByOthers(`${DATA_DIR}/admin.json`)) {
    findings.push(bad('admin token', `${DATA_DIR}/admin.json can be read by other users. Run "chmod 600" on it.`))
  }
  if (KEYS_URL.startsWith('file:') && !KEY_ENCRYPTION_KEY) {
    findings.push(
      ok('key files', 'private keys are protected by file permissions; KEY_ENCRYPTION_KEY would encrypt them'),
    )
  }
  return findings
}

function cookies({ ISSUER, COOKIE_KEYS }: Config): Finding[] {
  const isHttps = ISSUER.startsWith('https:')
  const secrecy = isHttps
    ? 'cookies are sent over TLS only'
    : 'the issuer is plain http: fine on loopback, nowhere else'
  return [
    ok('cookies', `${secrecy}; ${COOKIE_KEYS ? 'signed with COOKIE_KEYS' : 'signed with a key kept in the database'}`),
  ]
}

function isReadableByOthers(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0
}

async function ask(url: string): Promise<Response | string> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } }
    return cause?.code ?? message
  }
}

function ok(check: string, detail: string): Finding {
  return { check, isWell: true, detail }
}

function bad(check: string, detail: string): Finding {
  return { check, isWell: false, detail }
}
