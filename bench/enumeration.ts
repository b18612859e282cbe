/**
 * Can a stranger tell by the time of a refusal who is a customer? Unknown, wrong, blocked, password-less and
 * unconfirmed logins are tried in turn, 1,000 times each, and their times compared as ratios.
 *
 * node bench/enumeration.ts [tries] [embedded|postgres+redis]
 */
import { loadavg } from 'node:os'
import { createPasswords } from '../src/customers/passwords.ts'
import { PASSWORD_DOORS } from '../test/attacks/password-doors.ts'
import { customerLines, KINDS, PASSWORD, quantiles, timeKinds } from '../test/attacks/refusals.ts'
import { type Backends, withDemoServer } from './demo-server.ts'

const TRIES = Number(process.argv[2] ?? 1000)
const BACKENDS = (process.argv[3] ?? 'embedded') as Backends
const ADMIN_TOKEN = 'only-for-this-measurement'
const NO_LOCK = Object.fromEntries(
  ['', 'ACCOUNT_', 'ADDRESS_', 'CLIENT_'].map((of) => [`LOCKOUT_${of}ATTEMPTS`, '1000000']),
)

await withDemoServer(BACKENDS, { ...NO_LOCK, ADMIN_TOKEN }, async ({ url, adminUrl }) => {
  await fetch(`${adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: customerLines(await createPasswords().hash(PASSWORD)),
  }).then((answer) => answer.text())
  for (const { name, open } of PASSWORD_DOORS.slice(0, 2)) {
    const attempt = await open(url)
    await timeKinds(20, attempt)
    const durations = await timeKinds(TRIES, attempt)
    const figures = KINDS.map((kind) => ({ kind, ...quantiles(durations[kind]) }))
    console.log(`\n${name}, ${BACKENDS}, ${TRIES} tries each, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
    for (const { kind, p50, p95 } of figures) {
      console.log(`${kind.padEnd(8)} p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms`)
    }
    for (const of of ['p50', 'p95'] as const) {
      const values = figures.map((each) => each[of])
      console.log(`slowest to quickest by ${of}: ${(Math.max(...values) / Math.min(...values)).toFixed(3)}`)
    }
  }
})
