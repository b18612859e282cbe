import { jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { createRevocationFeed } from '../../../src/oauth/revocation-feed/feed.ts'
import { feedEntry } from '../../../src/oauth/revocation-feed/feed-entry.ts'
import { createJwtSigner } from '../../../src/oauth/tokens/sign-jwt.ts'
import { createFakeEndingLog, type Ended, makeKey } from './fake-ending-log.ts'

const ES256 = makeKey('ES256')
const RS256 = makeKey('RS256')
const TTL = 10

function open({ keys = [ES256], entriesAtOnce = 1000 } = {}) {
  const endingLog = createFakeEndingLog()
  let nowMs = 1_800_000_000_000
  const feed = createRevocationFeed({
    endingLog,
    signer: createJwtSigner(() => keys),
    issuer: 'https://shop.example',
    ttlSeconds: TTL,
    entriesAtOnce,
    now: () => nowMs,
  })
  const end = (ended: Ended) => endingLog.end({ atMs: nowMs, ...ended })
  const read = async (after?: number) => {
    const page = await feed.page(after)
    const { payload, protectedHeader } = await jwtVerify(page.jwt, keys[0]?.publicKey as never, {
      issuer: 'https://shop.example',
      typ: 'revocations+jwt',
      currentDate: new Date(nowMs),
    })
    return { ...(payload as unknown as Claims), header: protectedHeader, page }
  }
  const pass = (seconds: number) => {
    nowMs += seconds * 1000
  }
  return { endingLog, feed, end, read, pass, now: () => nowMs }
}

type Claims = {
  readonly iat: number
  readonly exp: number
  readonly ttl: number
  readonly from: number
  readonly to: number
  readonly floor: number
  readonly more: boolean
  readonly entries: readonly (readonly [number, string, string, number, number])[]
}

describe('what is said of each ending', () => {
  const [atMs, untilMs] = [1_000_500, 9_000_001]
  const at = { seq: 7, id: 'id', why: 'operator', atMs, untilMs, settledAtMs: atMs } as const

  test.each<[string, Ended, string | undefined, string | undefined]>([
    ['a token', { what: 'access-token', jti: 'J', grantId: 'G', accountId: 'A' }, 'j', 'J'],
    ['an opaque token', { what: 'access-token', tokenId: 'digest' }, undefined, undefined],
    ['a sign-in', { what: 'grant', grantId: 'G', accountId: 'A', clientId: 'C' }, 'g', 'G'],
    ['a browser session', { what: 'session', accountId: 'A', sessionId: 'S' }, undefined, undefined],
    ['a customer', { what: 'customer', accountId: 'A', cutOffMs: atMs }, 's', 'A'],
    ['an agent', { what: 'agent', accountId: 'agent:A', cutOffMs: atMs }, 's', 'agent:A'],
    ['a company user', { what: 'company-user', companyUserId: 'M', cutOffMs: atMs }, 'm', 'M'],
    ['a client', { what: 'client', clientId: 'C', cutOffMs: atMs }, 'c', 'C'],
    ['everybody', { what: 'everybody', cutOffMs: atMs }, '*', '*'],
  ])('%s', (_name, ended, kind, value) => {
    expect(feedEntry({ ...at, ...ended })).toEqual(kind && [7, kind, value, 1000, 9001])
  })

  test('a cut-off counts from when it had taken effect, and is told of for as much longer', () => {
    const late = { ...at, what: 'customer', accountId: 'A', cutOffMs: atMs, settledAtMs: atMs + 12_000 } as const
    expect(feedEntry(late)).toEqual([7, 's', 'A', 1012, 9013])
    const longAgo = { ...late, cutOffMs: atMs - 900_000, settledAtMs: atMs }
    expect(feedEntry(longAgo)?.[3]).toBe(1000)
  })
})

describe('a page', () => {
  test('says where it begins and ends, what ended between, and how long it is good for', async () => {
    const { end, read, now } = open()
    for (const id of ['A', 'B', 'C']) end({ what: 'customer', accountId: id, cutOffMs: now() })
    const page = await read(1)
    expect(page).toMatchObject({ from: 1, to: 3, floor: 0, more: false, ttl: TTL, iat: now() / 1000 })
    expect(page.exp).toBe(page.iat + 3 * TTL)
    expect(page.entries.map(([seq, kind, value]) => [seq, kind, value])).toEqual([
      [2, 's', 'B'],
      [3, 's', 'C'],
    ])
    expect(page.entries.every(([, , , at, until]) => at === now() / 1000 && until > at)).toBe(true)
  })

  test('without a cursor is the snapshot, without what is over', async () => {
    const { end, read, pass, now } = open()
    end({ what: 'grant', grantId: 'over', untilMs: now() + 5000 })
    end({ what: 'grant', grantId: 'alive' })
    pass(6)
    const { entries, from, to } = await read()
    expect([from, to, entries.map(([, , value]) => value)]).toEqual([0, 2, ['alive']])
  })

  test.each(['below the floor', 'beyond the head'])('for a cursor %s is the snapshot', async (where) => {
    const { endingLog, end, read } = open()
    for (let count = 1; count <= 6; count++) end({ what: 'grant', grantId: `g${count}` })
    await read(6)
    if (where === 'below the floor') endingLog.prune(3)
    else endingLog.restore(4)
    end({ what: 'grant', grantId: 'newest' })
    const cursor = where === 'below the floor' ? 2 : 6
    const page = await read(cursor)
    expect(page.from).toBe(0)
    expect(page.entries.at(-1)?.[2]).toBe('newest')
  })

  test('that is full says that there is more, and all pages together have each ending once', async () => {
    const { end, read } = open({ entriesAtOnce: 10 })
    for (let count = 1; count <= 25; count++)
      end(count % 5 ? { what: 'grant', grantId: `g${count}` } : { what: 'session' })
    const seen: number[] = []
    const sizes: boolean[] = []
    for (let cursor: number | undefined, more = true; more; ) {
      const page = await read(cursor)
      seen.push(...page.entries.map(([seq]) => seq))
      sizes.push(page.more)
      cursor = page.to
      more = page.more
    }
    expect(sizes).toEqual([true, true, false])
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => index + 1).filter((seq) => seq % 5))
  })

  test('is refused by a verifier once a byte of it is another one', async () => {
    const { end, feed } = open()
    end({ what: 'grant', grantId: 'g' })
    const { jwt } = await feed.page(undefined)
    const verify = (text: string) =>
      jwtVerify(text, ES256.publicKey as never, { currentDate: new Date(1_800_000_000_000) })
    await expect(verify(jwt)).resolves.toBeDefined()
    for (const place of [jwt.indexOf('.') + 10, jwt.lastIndexOf('.') + 10]) {
      const other = jwt[place] === 'A' ? 'B' : 'A'
      await expect(verify(jwt.slice(0, place) + other + jwt.slice(place + 1))).rejects.toThrow()
    }
  })

  test.each([
    [[RS256], 'RS256'],
    [[RS256, ES256], 'ES256'],
  ])('is signed as the keys allow', async (keys, algorithm) => {
    const { feed } = open({ keys })
    const { jwt } = await feed.page(undefined)
    expect(JSON.parse(Buffer.from(jwt.split('.')[0] as string, 'base64url').toString()).alg).toBe(algorithm)
  })
})

describe('what it costs', () => {
  test('a thousand polls without news ask the log once and sign once', async () => {
    const { endingLog, end, feed } = open()
    const seq = end({ what: 'grant', grantId: 'g' })
    const first = await feed.page(seq)
    const before = endingLog.asked()
    const pages = await Promise.all(Array.from({ length: 1000 }, () => feed.page(seq)))
    expect(endingLog.asked()).toBe(before)
    expect(new Set(pages).size).toBe(1)
    expect(pages[0]).toBe(first)
  })

  test('a page is signed anew after its ttl, on a new look at the log', async () => {
    const { feed, pass, endingLog } = open()
    const first = await feed.page(0)
    pass(TTL - 1)
    expect(await feed.page(0)).toBe(first)
    pass(1)
    const second = await feed.page(0)
    expect(second.iat).toBe(first.iat + TTL)
    endingLog.setAway(true)
    pass(TTL)
    await expect(feed.page(0)).rejects.toThrow('away')
    endingLog.setAway(false)
    expect((await feed.page(0)).iat).toBe(first.iat + 2 * TTL)
  })

  test('what another node ended is found when the log is asked again, told of or not', async () => {
    const { feed, pass, endingLog, read } = open()
    await feed.page(0)
    endingLog.end({ what: 'grant', grantId: 'of-another-node', untilMs: Number.MAX_SAFE_INTEGER }, { isTold: false })
    expect((await read(0)).entries).toEqual([])
    pass(TTL)
    expect((await read(0)).entries.map(([, , value]) => value)).toEqual(['of-another-node'])
  })

  test('a copy is confirmed only while every page of that range is good for longer than the next poll', async () => {
    const { feed, pass, end } = open()
    const seq = end({ what: 'grant', grantId: 'g' })
    const first = await feed.page(seq)
    expect(feed.isYoung(first)).toBe(true)
    pass(TTL)
    expect(feed.isYoung(await feed.page(seq))).toBe(true)
    pass(TTL)
    expect(feed.isYoung(await feed.page(seq))).toBe(false)
    const next = end({ what: 'grant', grantId: 'h' })
    expect(feed.isYoung(await feed.page(next))).toBe(true)
  })
})

test('cursors that strangers make up cost the log nothing, near the head and far behind it', async () => {
  const { endingLog, end, feed } = open({ entriesAtOnce: 10 })
  for (let count = 0; count < 100; count++) end({ what: 'grant', grantId: `g${count}` })
  for (let cursor = 0; cursor <= 100; cursor++) await feed.page(cursor)
  const before = endingLog.asked()
  const ranges = await Promise.all(Array.from({ length: 101 }, (_, cursor) => feed.page(cursor)))
  expect(endingLog.asked()).toBe(before)
  for (const [cursor, { from, to }] of ranges.entries()) {
    expect([from <= cursor, from > cursor - 10, to > cursor || cursor === 100]).toEqual([true, true, true])
    if (cursor >= 90) expect([from, to]).toEqual([cursor, 100])
  }
})

test('cursors that strangers make up cost so many signatures in a second, and no reader an ending', async () => {
  const { end, feed, read } = open()
  for (let count = 0; count < 900; count++) end({ what: 'grant', grantId: `g${count}` })
  const head = (await feed.page(undefined)).to
  const pages = new Set<string>()
  for (let cursor = 1; cursor < head; cursor++) pages.add((await feed.page(cursor)).jwt)
  expect(pages.size).toBeLessThanOrEqual(101)
  for (const cursor of [1, 500, 899]) {
    const { from, to, entries } = await read(cursor)
    expect(from).toBeLessThanOrEqual(cursor)
    expect([to, entries.filter(([seq]) => seq > cursor).length]).toEqual([head, head - cursor])
  }
  expect((await feed.page(head)).from, 'who keeps up has a page of their own').toBe(head)
})

test('a reader that polls all the time gets every one of 500 endings, in order, whatever it is behind', async () => {
  const { feed, end, read, endingLog } = open({ entriesAtOnce: 7 })
  const seen: number[] = []
  let isOver = false
  const reader = (async () => {
    for (let cursor = 0; ; ) {
      const isLast = isOver
      const { entries, to, more } = await read(cursor)
      // Who is far behind may get a page that begins before its cursor.
      seen.push(...entries.map(([seq]) => seq).filter((seq) => seq > cursor))
      cursor = to
      if (isLast && !more) return
    }
  })()
  for (let count = 0; count < 500; count++) {
    end({ what: 'grant', grantId: `g${count}`, untilMs: Number.MAX_SAFE_INTEGER })
    if (count % 9 === 0) await feed.page(undefined)
  }
  isOver = true
  await reader
  expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
  expect(await endingLog.head()).toBe(500)
})
