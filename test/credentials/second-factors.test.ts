import { generate } from 'otplib'
import { beforeEach, expect, test } from 'vitest'
import { createAgentDirectory } from '../../src/agents/directory.ts'
import { AGENT_SECOND_FACTORS } from '../../src/agents/second-factors.ts'
import { createSecondFactors } from '../../src/credentials/second-factors.ts'
import type { Sealed } from '../../src/keys/key-record.ts'
import { createProtector } from '../../src/keys/stores/protector.ts'
import { useDatabase } from '../customers/database.ts'

const database = useDatabase()
const sealingWith = (secrets: string) => {
  const { seal, open } = createProtector(secrets)
  return { seal, open: (id: string, sealed: object) => open(id, sealed as Sealed) }
}
const open = (secrets: string) =>
  createSecondFactors({
    knex: database.knex,
    table: AGENT_SECOND_FACTORS,
    sealing: sealingWith(secrets),
    issuer: 'https://shop.example',
  })

let agents: { id: string; email: string }[]
beforeEach(async () => {
  const directory = createAgentDirectory({ knex: database.knex })
  agents = []
  for (const email of ['one@example.com', 'two@example.com']) {
    const created = await directory.create({ email, password: { scheme: 'argon2id', hash: 'x' } })
    if (created.outcome === 'created') agents.push(created.agent)
  }
})

test('a secret is unreadable in the database, and opens for nobody else', async () => {
  const [one, two] = agents as [{ id: string; email: string }, { id: string; email: string }]
  const factors = open('a key of more than 16')
  const { secret } = (await factors.enrol(one)) as { secret: string }
  const rows = await database.knex('agent_second_factors')
  expect(JSON.stringify(rows)).not.toContain(secret)
  await database.knex('agent_second_factors').update({ agent_id: two.id, confirmed_at: new Date() })
  await expect(factors.redeem(two.id, '123456')).rejects.toThrow(/damaged/)
})

test('without the key that sealed it no code is taken', async () => {
  const [one] = agents as [{ id: string; email: string }]
  await open('a key of more than 16').enrol(one)
  await expect(open('another key that is long').confirm(one.id, '123456')).rejects.toThrow(/KEY_ENCRYPTION_KEY/)
})

test('sealed anew, a secret no longer needs the key it began with', async () => {
  const [one] = agents as [{ id: string; email: string }]
  const { secret } = (await open('a key of more than 16').enrol(one)) as { secret: string }
  await open('a later key of more than 16,a key of more than 16').reseal()
  const later = open('a later key of more than 16')
  expect(await later.confirm(one.id, await generate({ secret }))).toBe(true)
  expect(await later.isRequired(one.id)).toBe(true)
})
