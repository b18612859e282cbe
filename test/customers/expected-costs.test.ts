import { expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { expectPasswordCosts } from '../../src/customers/expected-costs.ts'
import { importRecord } from '../../src/customers/import/import-record.ts'
import { upsertCustomers } from '../../src/customers/import/write-customers.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from '../support/embedded-template.ts'

const BCRYPT = '$2y$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO'

test('before the first request after a start, the cost of every scheme in use is known', async () => {
  const { knex, close } = await openDatabase({ DATA_DIR: await copyTemplate('demo') })
  const passwords = createPasswords()
  const costsOf = async () => {
    const costs = new Map<string, number>()
    await expectPasswordCosts({ knex, passwords, refusal: { expect: (kind, ms) => void costs.set(kind, ms) } })
    return costs
  }
  try {
    expect(await costsOf()).toEqual(new Map())
    const customers = [
      { reference: 'A', password: { scheme: 'bcrypt', hash: BCRYPT } },
      { reference: 'B', password: { scheme: 'opencart-sha1', hash: 'a'.repeat(40), salt: 'salt' } },
      { reference: 'C', password: undefined },
    ]
    const records = customers.map(({ reference, password }) =>
      importRecord.parse({
        email: `${reference}@example.com`,
        customerReference: reference,
        ...(password && { password }),
      }),
    )
    await upsertCustomers(knex, records)
    const costs = await costsOf()
    expect([...costs.keys()].sort()).toEqual(['bcrypt', 'opencart-sha1'])
    expect([...costs.values()].every((ms) => ms > 0)).toBe(true)
  } finally {
    await close()
  }
})
