import { expect, test } from 'vitest'
import type { Claims } from '../../packages/resource-server/src/claims.ts'
import { createRevoked } from '../../packages/resource-server/src/revocations/revoked.ts'
import { endsToken, factsOf } from '../../src/oauth/revocation-feed/ends-token.ts'
import type { FeedEntry } from '../../src/oauth/revocation-feed/feed-entry.ts'
import { fromPayload } from '../../src/oauth/tokens/found-token.ts'

const NOW = 1_800_000_000
const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T

const subject = () => pick(['A', 'B', 'agent:X', 'anonymous:V'])
const KINDS = [
  ['j', () => pick(['J1', 'J2'])],
  ['g', () => pick(['G1', 'G2'])],
  ['s', subject],
  ['m', () => pick(['M1', 'M2'])],
  ['c', () => pick(['C1', 'C2'])],
  ['*', () => '*'],
] as const

function someClaims(): Claims {
  const owner = pick([
    () => ({ sub: subject() }),
    () => ({ sub: '{"id":1}', customer_id: pick(['A', 'B']) }),
    () => ({ sub: '{"id":1}', agent_id: 'agent:X' }),
    () => ({ sub: '{}', anonymous_id: 'V' }),
  ])()
  return {
    ...owner,
    jti: pick(['J1', 'J2', 'J3']),
    gid: pick(['G1', 'G2', 'G3']),
    client_id: pick(['C1', 'C2', 'C3']),
    iat: NOW + pick([-1, 0, 1]),
    exp: NOW + 900,
    ...pick([{}, { parent_gid: 'G2' }]),
    ...pick([{}, { grant_client_id: 'C2' }]),
    ...pick([{}, { id_company_user: 'M1' }, { id_company_user: null }]),
    ...pick([{}, { act: { sub: 'agent:X' } }, { act: { sub: 'C1', act: { sub: 'agent:X' } } }]),
  }
}

test('the package takes and refuses the very tokens that the server’s own rule of readers does', () => {
  for (let round = 0; round < 5000; round++) {
    const [kind, value] = pick(KINDS)
    const entry: FeedEntry = [1, kind, value(), NOW, NOW + 1000]
    const claims = someClaims()
    const revoked = createRevoked(10, 0)
    revoked.add([{ seq: 1, kind, value: entry[2], at: NOW, until: NOW + 1000 }], NOW)
    const isEnded = endsToken(entry, factsOf(fromPayload(claims as never)))
    expect(revoked.find(claims) !== undefined, JSON.stringify([entry, claims])).toBe(isEnded)
  }
})
