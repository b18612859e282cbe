import { argon2Problem, matchesArgon2 } from './argon2.ts'
import { bcryptProblem, matchesBcrypt } from './bcrypt.ts'
import { type PasswordScheme, plainForms } from './scheme.ts'

/** Spryker leaves the choice to Symfony, which took argon2 where PHP had it and bcrypt elsewhere. */
export const spryker: PasswordScheme = {
  name: 'spryker',
  problem({ hash }) {
    const problem = isArgon2(hash) ? argon2Problem(hash, ['argon2id', 'argon2i']) : bcryptProblem(hash)
    return problem && `a spryker hash ${problem}`
  },
  forms: plainForms,
  matches: (form, { hash }) => (isArgon2(hash) ? matchesArgon2(form, hash) : matchesBcrypt(form, hash)),
}

function isArgon2(hash: string): boolean {
  return hash.startsWith('$argon2')
}
