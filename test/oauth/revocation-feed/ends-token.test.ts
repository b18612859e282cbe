import { describe, expect, test } from 'vitest'
import { endsToken, factsOf } from '../../../src/oauth/revocation-feed/ends-token.ts'
import { feedEntry } from '../../../src/oauth/revocation-feed/feed-entry.ts'
import { cutOffSeconds, fallsUnder } from '../../../src/oauth/sign-out-cut-offs.ts'
import { fromPayload } from '../../../src/oauth/tokens/found-token.ts'

const AT = 1000
const token = (claims: object = {}) =>
  factsOf(fromPayload({ jti: 'J', gid: 'G', sub: 'A', client_id: 'C', iat: AT, exp: AT + 900, ...claims } as never))

describe('the rule of readers', () => {
  test.each<[string, [string, string], object, boolean]>([
    ['its jti', ['j', 'J'], {}, true],
    ['another jti', ['j', 'K'], {}, false],
    ['its sign-in', ['g', 'G'], {}, true],
    ['the sign-in that ends its own', ['g', 'P'], { parent_gid: 'P' }, true],
    ['another sign-in', ['g', 'H'], {}, false],
    ['its customer', ['s', 'A'], {}, true],
    [
      'the customer of a token whose sub is a text of the shop',
      ['s', 'A'],
      { sub: '{"id":1}', customer_id: 'A' },
      true,
    ],
    ['an agent', ['s', 'agent:X'], { sub: '{}', agent_id: 'agent:X' }, true],
    ['a visitor', ['s', 'anonymous:V'], { anonymous_id: 'V' }, true],
    ['the agent who acts', ['s', 'agent:X'], { act: { sub: 'agent:X' } }, true],
    ['the agent behind a service', ['s', 'agent:X'], { act: { sub: 'svc', act: { sub: 'agent:X' } } }, true],
    ['another customer', ['s', 'B'], {}, false],
    ['its company user', ['m', 'M'], { id_company_user: 'M' }, true],
    ['a company user, of a token without', ['m', 'M'], { id_company_user: null }, false],
    ['its client', ['c', 'C'], {}, true],
    ['the client of the sign-in', ['c', 'D'], { grant_client_id: 'D' }, true],
    ['another client', ['c', 'E'], {}, false],
    ['everybody', ['*', '*'], {}, true],
    ['a client that is named as a customer', ['s', 'C'], { gid: undefined, sub: 'C' }, false],
  ])('an entry for %s', (_name, [kind, value], claims, expected) => {
    expect(endsToken([1, kind as 'j', value, AT, AT + 900], token(claims))).toBe(expected)
  })

  test.each([
    ['before', AT - 1, true],
    ['in the second of', AT, true],
    ['after', AT + 1, false],
  ])('a token that was issued %s the cut-off', (_name, iat, expected) => {
    const facts = token({ iat, id_company_user: 'M' })
    for (const [kind, value] of [
      ['s', 'A'],
      ['m', 'M'],
      ['c', 'C'],
      ['*', '*'],
    ] as const)
      expect(endsToken([1, kind, value, AT, AT + 900], facts), kind).toBe(expected)
  })
})

test('whatever introspection refuses the reader refuses, and beyond that only what is of the same second', () => {
  for (let issuedMs = 998_500; issuedMs <= 1_002_500; issuedMs += 125) {
    for (let cutOffMs = 998_500; cutOffMs <= 1_002_500; cutOffMs += 125) {
      const isRefused = fallsUnder(issuedMs, cutOffMs)
      const ending = { what: 'customer', why: 'blocked', accountId: 'A', cutOffMs } as const
      const entry = feedEntry({
        ...ending,
        id: 'id',
        seq: 1,
        atMs: cutOffMs,
        settledAtMs: cutOffMs,
        untilMs: cutOffMs + 900_000,
      })
      const isEnded = entry !== undefined && endsToken(entry, token({ iat: Math.floor(issuedMs / 1000) }))
      if (isRefused) expect(isEnded).toBe(true)
      else if (isEnded) expect(Math.floor(issuedMs / 1000)).toBe(cutOffSeconds(cutOffMs))
    }
  }
})
