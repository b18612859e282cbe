import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { createPasswordSchemes } from '../../src/credentials/schemes/index.ts'
import type { StoredPassword } from '../../src/credentials/stored-password.ts'
import { importRecord } from '../../src/customers/import/import-record.ts'

const page = readFileSync(new URL('../../docs/how-to/import.md', import.meta.url), 'utf8')
const [line = '', examples = ''] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text ?? '')
const rows = examples
  .split('\n')
  .filter(Boolean)
  .map((text) => JSON.parse(text) as StoredPassword)
const passwords = createPasswords()

test('every password scheme that an import may name has an example in the how-to', () => {
  const names = createPasswordSchemes().names
  expect(new Set(rows.map(({ scheme }) => scheme))).toEqual(new Set(names))
  for (const name of names) expect(page).toContain(`\`${name}\``)
})

test.each(rows)('the example $scheme $hash of the how-to accepts its password and no other', async (stored) => {
  expect(passwords.problem(stored)).toBeUndefined()
  expect(await passwords.verify('password', stored)).toMatchObject({ outcome: 'match' })
  expect(await passwords.verify('passwort', stored)).toMatchObject({ outcome: 'mismatch' })
})

test('the example line of the how-to has every member, and every member is explained', () => {
  const record = importRecord.omit({ id: true }).required().parse(JSON.parse(line))
  const [companyUser] = record.companyUsers
  const members = [...Object.keys(importRecord.shape), ...Object.keys(companyUser ?? {})]
  for (const member of members) expect(page, member).toContain(`\`${member}\``)
})
