import { describe, expect, test } from 'vitest'
import { isEmailAddress, normalizeEmail, storedForms } from '../../src/credentials/email.ts'
import { networkOf } from '../../src/credentials/ip-network.ts'
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts'
import { normalizePassword } from '../../src/credentials/password-text.ts'
import { createPasswordSchemes } from '../../src/credentials/schemes/index.ts'
import { importRecord } from '../../src/customers/import/import-record.ts'
import { violations } from '../../src/dialects/spryker/attributes.ts'
import { readLogin } from '../../src/interaction/login-form.ts'
import { passwordProblem } from '../../src/interaction/recovery/password-form.ts'
import { readRegistration } from '../../src/interaction/registration/registration-form.ts'
import { LONG_TEXTS, leastCpuMs, MOST_TIMES } from './long-texts.ts'

const schemes = createPasswordSchemes()
const policy = createPasswordPolicy()
const context = { acceptLanguage: 'de' } as Parameters<typeof violations>[2] // no error shows more of it

/** Everything that looks at a text from a login path before it is known to be short. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  normalizeEmail,
  storedForms,
  isEmailAddress,
  normalizePassword,
  networkOf,
  'the password policy': (text) => policy.review(text, text),
  'the login form': (login) => readLogin({ login, password: login }),
  'the form for a new password': (password) => passwordProblem({ password, repeated: password }),
  'the registration form': (text) => readRegistration({ login: text, givenName: text, familyName: text }),
  'the import record': (email) => importRecord.safeParse({ email, customerReference: email }),
  'the Spryker e-mail field': (email) => violations({ email }, [{ name: 'email', is: 'email' }], context),
  'the Spryker UUID field': (uuid) => violations({ uuid }, [{ name: 'uuid', is: 'uuid' }], context),
  ...Object.fromEntries(
    schemes.names.map((name) => [`the password forms of ${name}`, (text: string) => schemes.find(name)?.forms(text)]),
  ),
}

describe.each(Object.entries(READERS))('%s', (_name, read) => {
  test.each(LONG_TEXTS)('reads $name in time that grows with its length, not with its square', async ({ of }) => {
    const [short, long] = [of(3_500), of(56_000)]
    const shortMs = await leastCpuMs(() => read(short))
    const longMs = await leastCpuMs(() => read(long))
    // Sixteen times the length may take sixteen times as long; by the square it would be 256 times.
    expect(longMs / shortMs).toBeLessThan(MOST_TIMES)
  })
})
