import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ADMINISTRATOR_RECOVERY_CODES } from '../../src/administrators/second-factors.ts'
import { createRecoveryCodes } from '../../src/credentials/recovery-codes.ts'
import { CUSTOMER_RECOVERY_CODES } from '../../src/customers/second-factor/customer-factors.ts'
import { useDatabase } from '../customers/database.ts'

const database = useDatabase()

const secret = { password_scheme: 'argon2id', password_hash: 'x' }
const kinds = [
  { people: 'customers', table: CUSTOMER_RECOVERY_CODES, row: (id: string) => ({ customer_reference: id }) },
  { people: 'administrators', table: ADMINISTRATOR_RECOVERY_CODES, row: () => ({ role: 'owner' }) },
]

async function addPerson({ people, row }: (typeof kinds)[number]): Promise<string> {
  const id = randomUUID()
  const email = `${id}@example.com`
  await database.knex(people).insert({ id, email, email_normalized: email, ...secret, ...row(id) })
  return id
}

test.each(kinds)('of sets that $people ask for at once, exactly one is good', async (kind) => {
  const codes = createRecoveryCodes({ knex: database.knex, table: kind.table })
  const personId = await addPerson(kind)
  await codes.renew(personId)
  const sets = await Promise.all(Array.from({ length: 8 }, () => codes.renew(personId)))
  const good: string[][] = []
  for (const set of sets) {
    const taken: string[] = []
    for (const code of set) if (await codes.redeem(personId, code)) taken.push(code)
    if (taken.length > 0) good.push(taken)
  }
  expect(good.map(({ length }) => length)).toEqual([10])
  expect(await codes.left(personId)).toBe(0)
})

test.each(kinds)('a renewal leaves the codes of other $people as they are', async (kind) => {
  const codes = createRecoveryCodes({ knex: database.knex, table: kind.table })
  const [one, other] = [await addPerson(kind), await addPerson(kind)]
  const [, [code = '']] = await Promise.all([codes.renew(one), codes.renew(other)])
  await codes.renew(one)
  expect(await codes.redeem(one, code)).toBe(false)
  expect(await codes.redeem(other, code)).toBe(true)
})
