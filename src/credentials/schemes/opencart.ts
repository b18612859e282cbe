import { hash } from 'node:crypto'
import { fastScheme, plainForms, unique } from './scheme.ts'

/** OpenCart up to 3.0: three rounds of sha1 with the salt of its own column; without a salt, the md5 of older shops. */
export const opencartSha1 = fastScheme(
  'opencart-sha1',
  'a sha1 of 40 hexadecimal digits with a salt, or an md5 of 32 without',
  {
    split({ hash: stored, salt }) {
      const digest = stored.toLowerCase()
      if (salt !== undefined && /^[0-9a-f]{40}$/.test(digest)) return { digest, rest: `sha1:${salt}` }
      return /^[0-9a-f]{32}$/.test(digest) ? { digest, rest: 'md5' } : undefined
    },
    async digest(form, rest) {
      if (rest === 'md5') return hash('md5', form)
      const salt = rest.slice('sha1:'.length)
      return hash('sha1', salt + hash('sha1', salt + hash('sha1', form)))
    },
  },
  // OpenCart cleans its input, so that "a&b" was often hashed as "a&amp;b".
  (password) => unique(plainForms(password).flatMap((form) => [form, htmlSpecialChars(form)])),
)

function htmlSpecialChars(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
