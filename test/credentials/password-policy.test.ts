import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BreachedPasswords, openBreachedPasswords } from '../../src/credentials/breached-passwords.ts'
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

describe('the password policy', () => {
  let shipped: BreachedPasswords
  beforeAll(async () => {
    shipped = await openBreachedPasswords()
  })
  afterAll(() => shipped.close())

  test.each([
    ['seven characters', 'short12', 'too-short'],
    ['129 characters', 'x'.repeat(129), 'too-long'],
    ['the login itself', 'Ron@Swanson.com', 'same-as-login'],
    ['a password everybody knows', 'password123', 'breached'],
  ])('refuses %s', async (_, password, reason) => {
    const policy = createPasswordPolicy({ breached: shipped })
    expect(await policy.review(password, 'ron@swanson.com')).toEqual({ outcome: 'refused', reason })
  })

  test.each([
    ['lower case alone', 'seventeen wet otters'],
    ['eight emoji, each one character', '🦦🐡🦀🐙🦑🐚🐳🐬'],
    ['128 characters', 'ä'.repeat(128)],
  ])('accepts %s: there are no rules of composition', async (_, password) => {
    expect(await createPasswordPolicy({ breached: shipped }).review(password)).toEqual({ outcome: 'accepted' })
  })

  test('counts the characters a person sees, in whatever form they were typed', async () => {
    const decomposed = 'äöüäöüä'.normalize('NFD')
    expect(await createPasswordPolicy().review(decomposed)).toEqual({ outcome: 'refused', reason: 'too-short' })
  })
})

describe('a list of breached passwords', () => {
  const digest = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase()

  test('finds every entry of a sorted file and nothing else, with counts, with either line end', async () => {
    const file = join(temporaryDirectory('breached'), 'list.txt')
    const lists = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        lists,
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('', ':7', ':1234567'),
        async (all, end, count) => {
          const [missing, ...known] = all
          writeFileSync(
            file,
            known
              .map((password) => digest(password) + count)
              .sort()
              .join(end) + (known.length ? end : ''),
          )
          const list = await openBreachedPasswords(file)
          for (const password of known) expect(await list.includes(password)).toBe(true)
          expect(await list.includes(missing ?? '')).toBe(false)
          await list.close()
        },
      ),
      { numRuns: 60 },
    )
  })

  const isCommon = (password: string) => digest(password).startsWith('3')
  test.each([
    ['that is kept in memory', 20_000, () => true],
    ['that is searched on disk', 40_000, () => true],
    [
      'whose digests are not spread evenly',
      160_000,
      (password: string, at: number) => at % 5 === 0 || isCommon(password),
    ],
  ])('finds the entries of a long file %s, and nothing else', async (_, count, isListed) => {
    const file = join(temporaryDirectory('breached'), 'long.txt')
    const known = Array.from({ length: count }, (_, at) => `password ${at}`).filter(isListed)
    writeFileSync(file, `${known.map(digest).sort().join('\n')}\n`)
    const list = await openBreachedPasswords(file)
    for (let at = 0; at < known.length; at += 97) expect(await list.includes(known[at] ?? '')).toBe(true)
    for (let at = 0; at < 300; at++) expect(await list.includes(`another ${at}`)).toBe(false)
    await list.close()
  })

  test('reads a directory of ranges as the downloader of Have I Been Pwned writes it', async () => {
    const directory = join(temporaryDirectory('ranges'), 'ranges')
    mkdirSync(directory)
    const known = digest('hunter2hunter2')
    writeFileSync(join(directory, `${known.slice(0, 5)}.txt`), `${'0'.repeat(35)}:3\r\n${known.slice(5)}:17\r\n`)
    const list = await openBreachedPasswords(directory)
    expect(await list.includes('hunter2hunter2')).toBe(true)
    expect(await list.includes('something else')).toBe(false)
  })
})
