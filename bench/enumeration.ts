/**
 * Can a stranger tell by the time of an answer who is a customer? At every endpoint where a login can be given, unknown,
 * wrong, blocked, password-less and unconfirmed logins are tried in turn, 1,000 tries an endpoint, and each kind's times
 * compared with those of unknown logins.
 *
 * npm run bench:enumeration [-- tries-a-endpoint embedded|postgres+redis words-of-a-endpoint]
 */
import { loadavg } from 'node:os'
import { createPasswords } from '../src/credentials/passwords.ts'
import { MAIL_ENDPOINTS } from '../test/attacks/mail-endpoints.ts'
import { PASSWORD_ENDPOINTS } from '../test/attacks/password-endpoints.ts'
import { customerLines, KINDS, PASSWORD, quantiles, tellingApart, timeKinds } from '../test/attacks/refusals.ts'
import { type Backends, withDemoServer } from './demo-server.ts'

const TRIES = Number(process.argv[2] ?? 1000)
const BACKENDS = (process.argv[3] ?? 'embedded') as Backends
const WORDS = process.argv[4] ?? ''
const ADMIN_TOKEN = 'only-for-this-measurement'
const NO_LOCK = Object.fromEntries(
  ['', 'ACCOUNT_', 'ADDRESS_', 'CLIENT_'].map((of) => [`LOCKOUT_${of}ATTEMPTS`, '1000000']),
)
const ROUNDS = Math.ceil(TRIES / KINDS.length)
/** Three standard errors of the statistic when there is nothing to tell. */
const byChance = 0.5 + 3 * Math.sqrt((2 * ROUNDS + 1) / (12 * ROUNDS ** 2))
const ENDPOINTS = [...PASSWORD_ENDPOINTS, ...MAIL_ENDPOINTS].filter(({ name }) => name.includes(WORDS))

await withDemoServer(BACKENDS, { ...NO_LOCK, ADMIN_TOKEN, REGISTRATION: 'open' }, async ({ url, adminUrl }) => {
  const imported = await fetch(`${adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: customerLines(await createPasswords().hash(PASSWORD)),
  })
  await imported.text()
  for (const { name, open } of ENDPOINTS) {
    const attempt = await open(url)
    await timeKinds(10, attempt)
    const durations = await timeKinds(ROUNDS, attempt)
    console.log(`\n${name}, ${BACKENDS}, ${TRIES} tries, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
    console.log(
      `kind       p50 ms   p95 ms   told from unknown (0.5: not at all, by chance up to ${byChance.toFixed(2)})`,
    )
    for (const kind of KINDS) {
      const { p50, p95 } = quantiles(durations[kind])
      const told = tellingApart(durations.unknown, durations[kind]).toFixed(3)
      console.log(`${kind.padEnd(8)} ${p50.toFixed(1).padStart(8)} ${p95.toFixed(1).padStart(8)}   ${told}`)
    }
  }
})
