import { availableParallelism } from 'node:os'
import { type Config, ConfigError, countWorkers } from '../config.ts'
import { openBreachedPasswords } from '../credentials/breached-passwords.ts'
import { type ConstantTimeRefusal, createConstantTimeRefusal } from '../credentials/constant-time-refusal.ts'
import { yieldToRequests } from '../credentials/hashing-priority.ts'
import { createPasswordPolicy, type PasswordPolicy } from '../credentials/password-policy.ts'
import { createPasswords, type Passwords } from '../credentials/passwords.ts'
import { createPasswordSchemes } from '../credentials/schemes/index.ts'
import { expectPasswordCosts } from '../customers/expected-costs.ts'
import { type BackgroundWrapping, openBackgroundWrapping } from '../customers/import/background-wrapping.ts'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { CloseStep } from './close-step.ts'

export type PasswordServices = {
  readonly passwords: Passwords
  readonly passwordPolicy: PasswordPolicy
  readonly refusal: ConstantTimeRefusal
  readonly wrapping: BackgroundWrapping
}

/** Everything that hashes and judges passwords. Whatever is under way ends before the database is closed. */
export async function openPasswords(
  config: Config,
  log: Log,
  { database: { knex }, metrics }: { database: Database; metrics: Metrics },
  closeSteps: CloseStep[],
): Promise<PasswordServices> {
  const { PASSWORD_MIN_LENGTH: minLength, PASSWORD_MAX_LENGTH: maxLength, BREACHED_PASSWORDS: path } = config
  const breached = await openBreachedPasswords(path).catch((error: Error) => {
    throw new ConfigError([`BREACHED_PASSWORDS is "${path}", which cannot be read (${error.message}).`])
  })
  closeSteps.push(breached.close)
  const schemes = createPasswordSchemes({
    ...(config.PRESTASHOP_COOKIE_KEY && { prestashopCookieKey: config.PRESTASHOP_COOKIE_KEY }),
  })
  const passwords = createPasswords({
    schemes,
    concurrency: hashesAtOnce(config),
    onWaited: (seconds) => metrics.hashingWait.observe(seconds),
  })
  yieldToRequests()
  const refusal = createConstantTimeRefusal()
  await expectPasswordCosts({ knex, passwords, refusal })
  const wrapping = openBackgroundWrapping({
    knex,
    passwords,
    onError: (error) => log.error({ event: 'password.wrapping-failed', err: error }),
  })
  closeSteps.push(wrapping.close)
  return { passwords, refusal, passwordPolicy: createPasswordPolicy({ minLength, maxLength, breached }), wrapping }
}

/** The machine's cores over its worker processes. */
function hashesAtOnce(config: Config): number {
  return Math.max(1, Math.floor(availableParallelism() / countWorkers(config)))
}
