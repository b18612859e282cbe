import { afterEach, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import type { TrustedIssuer } from '../../src/issuers/issuer-schema.ts'
import { createIssuerRegistry } from '../../src/issuers/registry.ts'
import { onBothDatabases } from '../support/both-databases.ts'

onBothDatabases('trusted issuers', (open) => {
  const opened: Pick<Database, 'close'>[] = []
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close()
  })

  /** Two nodes on one database, and whether a message between them arrives. */
  async function nodes(hears: boolean) {
    const { database, other } = await open()
    const second = await other()
    opened.push(second, database)
    let nowMs = 1_000_000
    const listeners: (() => void)[] = []
    const storage = {
      publish: async () => {
        if (hears) for (const listener of listeners) listener()
      },
      subscribe: (_topic: string, listener: (about: string) => void) => void listeners.push(() => listener('')),
    }
    const make = ({ knex }: Pick<Database, 'knex'>) => createIssuerRegistry({ knex, storage, now: () => nowMs })
    const [here, there] = [make(database), make(second)]
    await Promise.all([here.look(), there.look()])
    const pass = (ms: number) => {
      nowMs += ms
    }
    return { here, there, pass }
  }

  const record: TrustedIssuer = { id: 'one', issuer: 'https://one.example', kind: 'ucp' }

  test('a record is found by its issuer alone, while it is enabled', async () => {
    const { here } = await nodes(true)
    expect(await here.create(record)).toEqual({ outcome: 'created', now: record })
    expect(await here.find('https://one.example')).toEqual(record)
    expect(await here.find('https://one.example/')).toBeUndefined()
    expect(here.kinds()).toBe('ucp')
    const off = { ...record, is_enabled: false }
    expect(await here.replace('one', '*', off)).toMatchObject({ outcome: 'changed', now: off, before: record })
    expect(await here.find('https://one.example')).toBeUndefined()
    expect(here.kinds()).toBe('')
    expect(await here.replace('one', '*', undefined)).toMatchObject({ outcome: 'changed' })
    expect(await here.get('one')).toBeUndefined()
  })

  test('an id and an issuer are taken once', async () => {
    const { here } = await nodes(true)
    await here.create(record)
    await here.create({ ...record, id: 'two', issuer: 'https://two.example' })
    expect(await here.create({ ...record, issuer: 'https://three.example' })).toEqual({ outcome: 'id-taken' })
    expect(await here.create({ ...record, id: 'three' })).toEqual({ outcome: 'issuer-taken' })
    expect(await here.replace('two', '*', { ...record, id: 'two' })).toEqual({ outcome: 'issuer-taken' })
    expect(await here.replace('two', 'another revision', record)).toEqual({ outcome: 'changed-meanwhile' })
    expect(await here.replace('none', '*', record)).toEqual({ outcome: 'unknown' })
  })

  test('another node refuses an issuer that was disabled, though no message of it arrives', async () => {
    const { here, there, pass } = await nodes(false)
    await here.create(record)
    pass(2000)
    expect(await there.find('https://one.example')).toEqual(record)
    await here.replace('one', '*', { ...record, is_enabled: false })
    pass(2000)
    expect(await there.find('https://one.example')).toBeUndefined()
  })
})
