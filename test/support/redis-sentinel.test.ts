import { expect, test } from 'vitest'
import { describeOn } from './describe-on.ts'
import { startRedisSentinel } from './redis-sentinel.ts'
import { waitFor } from './wait-for.ts'

describeOn('sentinel', 'a private Redis watched by Sentinels', () => {
  test('the Sentinels name the primary, and the replica after the primary died', async () => {
    const watched = await startRedisSentinel()
    const [primary, replica] = watched.servers
    expect(await watched.primaryAddress()).toBe(primary.address)
    await primary.command('SET', 'kept', '42')
    expect(await primary.command('WAIT', '1', '5000')).toBe(1)

    await primary.kill()
    await waitFor(async () => (await watched.primaryAddress()) === replica.address, {
      what: 'a failover',
    })
    expect(await replica.command('GET', 'kept')).toBe('42')
    await watched.stop()
  })
})
