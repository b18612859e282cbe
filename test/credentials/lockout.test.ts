import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { createLockout, type Lockout, type LoginContext } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRedisStorage } from '../../src/storage/redis.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { describeOn } from '../support/describe-on.ts'
import { createRedisDatabase } from '../support/shared.ts'

const policy = lockoutPolicy({
  LOCKOUT_ATTEMPTS: 9,
  LOCKOUT_WINDOW_SECONDS: 900,
  LOCKOUT_BLOCK_SECONDS: 360,
  LOCKOUT_ACCOUNT_ATTEMPTS: 30,
  LOCKOUT_ADDRESS_ATTEMPTS: 100,
  LOCKOUT_CLIENT_ATTEMPTS: 1000,
})
const RIGHT = 'right'
const BUYER = 'buyer@example.com'
const HOME: LoginContext = { ip: '198.51.100.7', clientId: 'frontend' }

let clock: number
let trips: number
let storage: Storage
let nodes: readonly Lockout[]

beforeEach(() => {
  clock = 1_800_000_000
  trips = 0
  storage = countTrips(createMemoryStorage(() => clock))
  nodes = [newNode(), newNode()]
})

describe('the window shops know: nine attempts, then six minutes', () => {
  test('failures one to nine are refused, the tenth attempt is locked even with the right password', async () => {
    for (let failure = 1; failure <= 9; failure++) expect(await attempt(BUYER, 'wrong', HOME)).toBe('refused')
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('locked')
  })

  test('the block ends after six minutes, attempts meanwhile do not lengthen it', async () => {
    await repeat(9, () => attempt(BUYER, 'wrong', HOME))
    for (let minute = 0; minute < 6; minute++) {
      expect(await attempt(BUYER, 'wrong', HOME)).toBe('locked')
      clock += 59
    }
    clock += 7
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('authenticated')
  })

  test('a locked attempt says how many seconds are left', async () => {
    await repeat(9, () => attempt(BUYER, 'wrong', HOME))
    clock += 100
    expect((await node().reserve(BUYER, RIGHT, HOME)).lockedForSeconds).toBe(260)
  })

  test('failures are forgotten after the window', async () => {
    await repeat(8, () => attempt(BUYER, 'wrong', HOME))
    clock += 901
    await repeat(8, () => attempt(BUYER, 'wrong', HOME))
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('authenticated')
  })

  test('success clears what failed before it', async () => {
    await repeat(8, () => attempt(BUYER, 'wrong', HOME))
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('authenticated')
    for (let failure = 1; failure <= 9; failure++) expect(await attempt(BUYER, 'wrong', HOME)).toBe('refused')
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('locked')
  })

  test('an unknown account locks like a known one', async () => {
    await repeat(9, () => attempt('nobody@example.com', 'wrong', HOME))
    expect(await attempt('nobody@example.com', 'wrong', HOME)).toBe('locked')
  })

  test('spelling the account differently does not make a new budget', async () => {
    await repeat(5, () => attempt('Buyer@Example.com ', 'wrong', HOME))
    await repeat(4, () => attempt(BUYER, 'wrong', HOME))
    expect(await attempt('BUYER@example.com', RIGHT, HOME)).toBe('locked')
  })

  test('an attempt whose password was not looked at counts for nothing', async () => {
    await repeat(50, async () => (await node().reserve(BUYER, 'wrong', HOME)).settle('unchecked'))
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('authenticated')
  })
})

describe('bursts', () => {
  test('a burst over two nodes has no more passwords checked than the limit', async () => {
    const results = await Promise.all(Array.from({ length: 400 }, () => attempt(BUYER, 'wrong', HOME)))
    expect(results.filter((result) => result !== 'locked')).toHaveLength(9)
  })

  test('whatever the order of attempts and answers, no more than the limit is checked before a success', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(400), { minLength: 10, maxLength: 60 }), async (order) => {
        storage = createMemoryStorage(() => clock)
        // Without patience: an attempt that finds no room is not tried again behind the test's back.
        nodes = [newNode(0), newNode(0)]
        const open: Awaited<ReturnType<Lockout['reserve']>>[] = []
        let checked = 0
        for (const choice of order) {
          const pending = choice % 2 === 0 ? open.splice(choice % Math.max(1, open.length), 1)[0] : undefined
          if (pending) {
            await pending.settle('failure')
            continue
          }
          const reservation = await node().reserve(BUYER, `guess ${choice}`, HOME)
          if (reservation.lockedForSeconds === undefined) {
            checked++
            open.push(reservation)
          } else {
            await reservation.settle('unchecked')
          }
        }
        expect(checked).toBeLessThanOrEqual(9)
      }),
      { numRuns: 200 },
    )
  })

  test('a hundred right passwords at once are all let in', async () => {
    const reserved = async () => {
      const { lockedForSeconds, settle } = await node().reserve(BUYER, RIGHT, HOME)
      await new Promise((resolve) => setTimeout(resolve, 2))
      await settle(lockedForSeconds === undefined ? 'success' : 'unchecked')
      return lockedForSeconds
    }
    const results = await Promise.all(Array.from({ length: 100 }, reserved))
    expect(results.filter((seconds) => seconds !== undefined)).toEqual([])
  })

  test('rotating through an IPv6 /64 is one address', async () => {
    for (let host = 1; host <= 9; host++) await attempt(BUYER, 'wrong', { ip: `2001:db8:1:2::${host.toString(16)}` })
    expect(await attempt(BUYER, RIGHT, { ip: '2001:db8:1:2:ffff::1' })).toBe('locked')
    expect(await attempt(BUYER, RIGHT, { ip: '2001:db8:1:3::1' })).toBe('authenticated')
  })

  test('guessing one account from many addresses is stopped', async () => {
    const results = await sequence(200, (index) => attempt(BUYER, 'wrong', { ip: `203.0.113.${index}` }))
    expect(results.filter((result) => result === 'refused').length).toBeLessThanOrEqual(30)
  })

  test('trying many accounts from one address is stopped', async () => {
    const results = await sequence(500, (index) =>
      attempt(`victim${index}@example.com`, 'wrong', { ip: '203.0.113.9' }),
    )
    expect(results.filter((result) => result === 'refused').length).toBeLessThanOrEqual(100)
  })

  test('the loopback address, behind which everybody may be, is not blocked as one', async () => {
    const results = await sequence(500, (index) => attempt(`victim${index}@example.com`, 'wrong', { ip: '127.0.0.1' }))
    expect(results).not.toContain('locked')
  })

  test("signing in to an account of one's own between guesses resets nothing", async () => {
    const attacker = { ip: '203.0.113.9' }
    const guesses = await sequence(300, async (index) => {
      if (index % 5 === 0) await attempt('attacker@example.com', RIGHT, attacker)
      return attempt(BUYER, 'wrong', { ip: `203.0.113.${index % 40}` })
    })
    expect(guesses.filter((guess) => guess === 'refused').length).toBeLessThanOrEqual(30)
  })
})

describe('strangers and the buyer', () => {
  const phone: LoginContext = { ...HOME, deviceId: 'signed-device-of-the-buyer' }

  test("ten thousand guesses on two nodes stop the attacker and never the buyer's own device", async () => {
    expect(await attempt(BUYER, RIGHT, phone)).toBe('authenticated')
    const attacker = { refused: 0, locked: 0, authenticated: 0 }
    const victim = { refused: 0, locked: 0, authenticated: 0 }
    for (let round = 0; round < 100; round++) {
      const guesses = Array.from({ length: 100 }, (_, index) => ({
        ip: `203.0.${round}.${index}`,
        deviceId: `d${index}`,
      }))
      const [own, ...stranger] = await Promise.all([
        attempt(BUYER, RIGHT, { ...phone, ip: `198.51.100.${round}` }),
        ...guesses.map((context) => attempt(BUYER, 'wrong', context)),
      ])
      victim[own]++
      for (const result of stranger) attacker[result]++
      clock += 9
    }
    console.info(`10,000 guesses in 15 minutes: attacker ${JSON.stringify(attacker)}, buyer ${JSON.stringify(victim)}`)
    expect(victim).toEqual({ authenticated: 100, refused: 0, locked: 0 })
    // Thirty at first and after each block, the blocks doubling from one minute.
    expect(attacker.refused).toBeLessThanOrEqual(150)
    expect(attacker.authenticated).toBe(0)
  })

  test('the buyer keeps a place of earlier sign-ins without any device cookie', async () => {
    await attempt(BUYER, RIGHT, HOME)
    await sequence(300, (index) => attempt(BUYER, 'wrong', { ip: `203.0.113.${index}` }))
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('authenticated')
  })

  test('a device known for one account is an unknown device to another', async () => {
    await attempt('attacker@example.com', RIGHT, { ip: '203.0.113.1', deviceId: 'attacker-device' })
    const context = (index: number) => ({ ip: `203.0.113.${index}`, deviceId: 'attacker-device' })
    const results = await sequence(200, (index) => attempt(BUYER, 'wrong', context(index)))
    expect(results.filter((result) => result === 'refused').length).toBeLessThanOrEqual(30)
  })

  test('a known device has a budget too', async () => {
    await attempt(BUYER, RIGHT, phone)
    await repeat(9, () => attempt(BUYER, 'wrong', phone))
    expect(await attempt(BUYER, RIGHT, phone)).toBe('locked')
  })

  test('blocks of an account grow while the guessing goes on, and end', async () => {
    const waits: number[] = []
    let index = 0
    for (let block = 0; block < 8; block++) {
      while ((await attempt(BUYER, 'wrong', { ip: `203.0.${block}.${index++ % 250}` })) !== 'locked');
      const reservation = await node().reserve(BUYER, 'wrong', { ip: '203.0.113.250' })
      waits.push(reservation.lockedForSeconds ?? 0)
      await reservation.settle('unchecked')
      clock += (reservation.lockedForSeconds ?? 0) + 1
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600])
    clock += 3601
    expect(await attempt(BUYER, RIGHT, { ip: '192.0.2.1' })).toBe('authenticated')
  })

  test('a link in a mail lets the owner in at once, from where the link was opened', async () => {
    const laptop = { ip: '192.0.2.77' }
    await repeat(9, () => attempt(BUYER, 'wrong', laptop))
    await sequence(100, (index) => attempt(BUYER, 'wrong', { ip: `203.0.113.${index}` }))
    expect(await attempt(BUYER, RIGHT, laptop)).toBe('locked')
    await node().unblock(BUYER, laptop)
    expect(await attempt(BUYER, RIGHT, laptop)).toBe('authenticated')
  })

  test('a client under attack narrows what strangers may try, and is not closed', async () => {
    await sequence(1000, (index) =>
      attempt(`v${index}@example.com`, 'wrong', { ...HOME, ip: `203.0.${index >> 6}.${index & 63}` }),
    )
    const results = await sequence(50, (index) => attempt(BUYER, 'wrong', { ...HOME, ip: `192.0.2.${index}` }))
    expect(results.filter((result) => result === 'refused').length).toBeLessThanOrEqual(6)
    expect(await attempt('other@example.com', RIGHT, { ...HOME, ip: '192.0.2.200' })).toBe('authenticated')
  })
})

describe('clients that resend', () => {
  const resending = { ...HOME, resends: true }

  test('four sends of one wrong password count once', async () => {
    for (let typo = 1; typo <= 9; typo++) {
      for (let send = 1; send <= 4; send++) {
        const expected = typo === 9 && send > 1 ? 'locked' : 'refused'
        expect(await attempt(BUYER, `typo ${typo}`, resending)).toBe(expected)
      }
    }
  })

  test('more sends than an SDK makes count again', async () => {
    const results = await sequence(40, () => attempt(BUYER, 'wrong', resending))
    expect(results.filter((result) => result === 'refused').length).toBeLessThanOrEqual(12)
  })

  test('elsewhere every attempt counts', async () => {
    const results = await sequence(10, () => attempt(BUYER, 'wrong', HOME))
    expect(results.at(-1)).toBe('locked')
  })
})

test('an attempt takes one trip to storage before the password is checked and one after', async () => {
  const reservation = await node().reserve(BUYER, RIGHT, { ...HOME, deviceId: 'd', resends: true })
  expect(trips).toBe(1)
  await reservation.settle('success')
  expect(trips).toBe(2)
  const next = await node().reserve(BUYER, 'wrong', HOME)
  await next.settle('failure')
  expect(trips).toBe(4)
})

test('no password goes to storage, not even its bare digest', async () => {
  const seen: string[] = []
  const spied = createLockout({ storage: spy(storage, seen), policy, digestKey: 'key', now: () => clock })
  await (await spied.reserve(BUYER, 'hunter2', { ...HOME, resends: true })).settle('failure')
  expect(seen.join()).not.toContain('hunter2')
  expect(seen.join()).not.toContain(createHash('sha256').update('hunter2').digest('hex'))
})

describeOn('redis', 'on Redis', () => {
  test('a burst over two nodes with connections of their own keeps the limit', async () => {
    const url = await createRedisDatabase()
    const connections = await Promise.all([openRedisStorage(url), openRedisStorage(url)])
    nodes = connections.map((connection) => createLockout({ storage: connection, policy, digestKey: 'a key' }))
    const results = await Promise.all(Array.from({ length: 200 }, () => attempt(BUYER, 'wrong', HOME)))
    expect(results.filter((result) => result !== 'locked').length).toBeLessThanOrEqual(9)
    expect(await attempt(BUYER, RIGHT, HOME)).toBe('locked')
    expect(await attempt(BUYER, RIGHT, { ip: '192.0.2.1' })).toBe('authenticated')
    await Promise.all(connections.map((connection) => connection.close()))
  })
})

function newNode(patienceMs?: number): Lockout {
  return createLockout({
    storage,
    policy,
    digestKey: 'a key of the server',
    now: () => clock,
    ...(patienceMs !== undefined && { patienceMs }),
  })
}

let turn = 0
function node(): Lockout {
  const chosen = nodes[turn++ % nodes.length]
  if (!chosen) throw new Error('no node')
  return chosen
}

async function attempt(account: string, password: string, context: LoginContext) {
  const { lockedForSeconds, settle } = await node().reserve(account, password, context)
  if (lockedForSeconds !== undefined) {
    await settle('unchecked')
    return 'locked'
  }
  await settle(password === RIGHT ? 'success' : 'failure')
  return password === RIGHT ? 'authenticated' : 'refused'
}

async function sequence<T>(times: number, step: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let index = 0; index < times; index++) results.push(await step(index))
  return results
}

async function repeat(times: number, step: () => Promise<unknown>): Promise<void> {
  await sequence(times, step)
}

/** Commands sent in one turn of the event loop go out together: they are one trip. */
function countTrips(inner: Storage): Storage {
  let isOpen = false
  const counted =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A) => {
      if (!isOpen) {
        isOpen = true
        trips++
        setImmediate(() => {
          isOpen = false
        })
      }
      return new Promise<R>((resolve, reject) => setImmediate(() => call(...args).then(resolve, reject)))
    }
  return {
    ...inner,
    increment: counted(inner.increment),
    getMany: counted(inner.getMany),
    put: counted(inner.put),
    remove: counted(inner.remove),
  }
}

function spy(inner: Storage, seen: string[]): Storage {
  return {
    ...inner,
    increment: (key, windowSeconds, by) => {
      seen.push(key)
      return inner.increment(key, windowSeconds, by)
    },
    put: (kind, id, artifact, ttlSeconds) => {
      seen.push(kind, id, JSON.stringify(artifact))
      return inner.put(kind, id, artifact, ttlSeconds)
    },
  }
}
