import { createHmac, hash } from 'node:crypto'
import { bcryptProblem, matchesBcrypt } from './bcrypt.ts'
import { phpassHash } from './phpass.ts'
import { type FastHash, matchesFast, type PasswordScheme, plainForms, unique } from './scheme.ts'

const MD5 = /^[0-9a-f]{32}$/

/** phpass, and the bare md5 of WordPress before 2.5. */
const fast: FastHash = {
  split(stored) {
    return MD5.test(stored.hash) ? { digest: stored.hash, rest: '' } : phpassHash.split(stored)
  },
  digest: async (form, rest) => (rest === '' ? hash('md5', form) : phpassHash.digest(form, rest)),
}

/** WordPress and WooCommerce through the ages: `$wp$2y$` (6.8 on), phpass, plain bcrypt of plugins, md5. */
export const wordpress: PasswordScheme = {
  name: 'wordpress',
  problem(stored) {
    const text = bcryptPart(stored.hash)
    if (text === undefined) {
      return fast.split(stored) ? undefined : 'a wordpress hash must begin with $wp$2y$, $P$, $H$ or $2y$, or be an md5'
    }
    const problem = bcryptProblem(text)
    return problem && `a wordpress hash ${problem}`
  },
  // WordPress trims a password when it hashes it.
  forms: (password) => unique(plainForms(password).flatMap((form) => [form, phpTrim(form)])),
  async matches(form, stored) {
    const { hash: text } = stored
    if (text.startsWith('$wp$')) {
      return matchesBcrypt(createHmac('sha384', 'wp-sha384').update(form).digest('base64'), text.slice(3))
    }
    return text.startsWith('$2') ? matchesBcrypt(form, text) : matchesFast(fast, form, stored)
  },
  fast,
}

function bcryptPart(text: string): string | undefined {
  if (text.startsWith('$wp$')) return text.slice(3)
  return text.startsWith('$2') ? text : undefined
}

function phpTrim(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && PHP_BLANKS.includes(text.charAt(start))) start++
  while (end > start && PHP_BLANKS.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** What PHP's trim takes away. */
const PHP_BLANKS = ' \t\n\r\0\x0B'
