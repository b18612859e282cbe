import { describe, expect, test } from 'vitest'
import { type AccountChange, CHANGE_KINDS, signalsOfChange } from '../../src/shared-signals/change-signals.ts'
import { signalsOfEnding } from '../../src/shared-signals/ending-signals.ts'
import { EVENTS } from '../../src/shared-signals/event-types.ts'
import type { FactSource } from '../../src/shared-signals/facts.ts'
import { setClaims } from '../../src/shared-signals/set-claims.ts'
import { initiatorOf, toPayload } from '../../src/shared-signals/signal.ts'
import type { LoggedEnding } from '../../src/sign-in-endings/ending-rows.ts'
import { ENDING_CAUSES, type SignInEnded } from '../../src/sign-in-endings/sign-in-ended.ts'

const issuer = 'https://shop.example'
const CUSTOMER = '00000000-0000-4000-8000-000000000001'
const facts: FactSource = {
  findAccount: async (id) => ({
    isErased: id === 'erased',
    email: 'sonia@spryker.com',
    companyClaims: (companyUser) => ({ id_company_user: companyUser, company_roles: ['Buyer'], permissions: [] }),
  }),
  findCompanyUser: async (id) => (id === 'gone' ? undefined : { accountId: CUSTOMER, companyId: 'acme' }),
}

const ending = (event: Partial<SignInEnded>): LoggedEnding => ({
  what: 'customer',
  why: 'sign-out-everywhere',
  accountId: CUSTOMER,
  ...event,
  seq: 1,
  id: 'ending-1',
  atMs: 1_800_000_000_500,
  untilMs: 0,
  settledAtMs: 0,
})
const told = (event: Partial<SignInEnded>) => signalsOfEnding({ issuer, facts }, ending(event))

describe('an ending', () => {
  test.each(ENDING_CAUSES)('by %s has a reason for administrators, and somebody who caused it', async (why) => {
    const signals = await told({ why })
    // The erasure is told by the change of the account, with what ends by it.
    expect(signals).toHaveLength(why === 'erased' ? 0 : 1)
    for (const { event, members, txn } of signals) {
      expect(event).toBe(EVENTS.sessionRevoked)
      expect(members).toEqual({
        event_timestamp: 1_800_000_000,
        initiating_entity: expect.stringMatching(/^(?:admin|user|policy|system)$/),
        reason_admin: { en: expect.stringMatching(/\.$/) },
      })
      expect(txn).toBe('ending-1')
    }
  })

  test.each<readonly [string | undefined, string]>([
    [undefined, 'user'],
    ['admin', 'admin'],
    ['administrator:anna', 'admin'],
    ['admin-token:ci', 'admin'],
    ['agent:1', 'admin'],
    ['import', 'admin'],
    ['client:partner', 'system'],
    ['upstream:acme', 'system'],
    ['server', 'system'],
  ])('by the actor %s is of %s', (by, entity) => {
    expect(initiatorOf(by, 'user')).toBe(entity)
  })

  const user = { format: 'iss_sub', iss: issuer, sub: CUSTOMER }
  const SUBJECTS: readonly (readonly [string, Partial<SignInEnded>, unknown])[] = [
    ['everything of a person', {}, user],
    ['an agent', { what: 'agent', accountId: 'agent:1' }, { ...user, sub: 'agent:1' }],
    [
      'a browser session',
      { what: 'session', sessionId: 'sid-1' },
      { format: 'complex', user, session: { format: 'opaque', id: 'sid-1' } },
    ],
    [
      'a sign-in with a browser',
      { what: 'grant', grantId: 'gid-1', sessionId: 'sid-1' },
      { format: 'complex', user, session: { format: 'opaque', id: 'sid-1' } },
    ],
    [
      'a sign-in for a company, without a browser',
      { what: 'grant', grantId: 'gid-1', companyUserId: 'cu-1' },
      { format: 'complex', user, tenant: { format: 'opaque', id: 'acme' }, session: { format: 'opaque', id: 'gid-1' } },
    ],
    [
      'a company user',
      { what: 'company-user', accountId: undefined as never, companyUserId: 'cu-1' },
      { format: 'complex', user, tenant: { format: 'opaque', id: 'acme' } },
    ],
    [
      'everybody',
      { what: 'everybody', accountId: undefined as never, why: 'backup-restored' },
      { format: 'complex', tenant: { format: 'uri', uri: issuer } },
    ],
  ]
  test.each(SUBJECTS)('of %s names it', async (_, event, subject) => {
    expect((await told(event))[0]?.subject).toEqual(subject)
  })

  const SILENT: readonly (readonly [string, Partial<SignInEnded>])[] = [
    ['one access token', { what: 'access-token' }],
    ['a refresh token that its client revokes', { what: 'grant', why: 'revoked-by-client' }],
    ['a client', { what: 'client', accountId: undefined as never, clientId: 'frontend' }],
    ['a visitor without an account', { accountId: 'anonymous:1' }],
    ['an account that is erased', { accountId: 'erased' }],
    ['a company user that is gone', { what: 'company-user', accountId: undefined as never, companyUserId: 'gone' }],
  ]
  test.each(SILENT)('of %s is told to nobody', async (_, event) => {
    expect(await told(event)).toEqual([])
  })
})

describe('a change', () => {
  const change = (more: Partial<AccountChange>): AccountChange => ({
    kind: 'password',
    accountId: CUSTOMER,
    detail: {},
    txn: '7',
    atMs: 1_800_000_000_500,
    ...more,
  })
  const tell = (more: Partial<AccountChange>, ownEmailDomains: readonly string[] = []) =>
    signalsOfChange({ issuer, facts, ownEmailDomains }, change(more))

  test.each(CHANGE_KINDS)('of the kind %s has a reason and somebody who caused it', async (kind) => {
    const detail = { change: 'create', from: 'a@a.example', to: 'b@b.example', isVerified: true, companyId: 'acme' }
    for (const { members, txn } of await tell({ kind, detail })) {
      expect(members).toMatchObject({ reason_admin: { en: expect.stringMatching(/\.$/) } })
      expect([txn, members.event_timestamp]).toEqual(['change-7', 1_800_000_000])
    }
  })

  test.each<readonly [Partial<AccountChange>, object]>([
    [
      { detail: { change: 'update' } },
      { credential_type: 'password', change_type: 'update', initiating_entity: 'user' },
    ],
    [
      { detail: { change: 'update' }, by: 'admin' },
      { change_type: 'update', initiating_entity: 'admin' },
    ],
    [{ detail: { change: 'create' } }, { change_type: 'create' }],
    [{ detail: { change: 'delete' } }, { change_type: 'delete' }],
    [
      { detail: { change: 'delete' }, by: 'admin' },
      { change_type: 'revoke', initiating_entity: 'admin' },
    ],
    [
      { kind: 'passkey', detail: { change: 'create', aaguid: 'a-1', name: 'Phone', isOnDevice: true } },
      { credential_type: 'fido2-platform', friendly_name: 'Phone', fido2_aaguid: 'a-1' },
    ],
    [{ kind: 'passkey', detail: { change: 'create', isOnDevice: false } }, { credential_type: 'fido2-roaming' }],
    [
      { kind: 'factor', detail: { change: 'create' } },
      { credential_type: 'app', change_type: 'create' },
    ],
    [{ accountId: 'agent:1', detail: { change: 'update' } }, { initiating_entity: 'admin' }],
  ])('of a credential, %j, is a credential-change', async (given, members) => {
    const signals = await tell(given)
    expect(signals.map(({ event }) => event)).toEqual([EVENTS.credentialChange])
    expect(signals[0]?.members).toMatchObject(members)
  })

  test('of an address is identifier-changed, about the old one, only where this server gives out such addresses', async () => {
    const detail = { from: 'Sonia@Own.example', to: 'sonia@new.example', isVerified: true }
    const own = await tell({ kind: 'email', detail }, ['own.example'])
    expect(own.map(({ event }) => event)).toEqual([EVENTS.tokenClaimsChange, EVENTS.identifierChanged])
    expect(own[1]).toMatchObject({
      subject: { format: 'email', email: 'Sonia@Own.example' },
      members: { 'new-value': 'sonia@new.example' },
    })
    const other = await tell({ kind: 'email', detail })
    expect(other.map(({ event }) => event)).toEqual([EVENTS.tokenClaimsChange, EVENTS.recoveryInformationChanged])
    expect(JSON.stringify(other[1])).not.toContain('new.example')
    expect(other[0]?.members.claims).toEqual({ email: 'sonia@new.example', email_verified: true })
  })

  test('of an account that is erased is told to nobody, but for the erasure itself', async () => {
    for (const kind of CHANGE_KINDS) {
      const signals = await tell({ kind, accountId: 'erased', detail: { change: 'delete' } })
      expect(signals.map(({ event }) => event)).toEqual(
        kind === 'purged' ? [EVENTS.sessionRevoked, EVENTS.accountPurged] : [],
      )
    }
  })

  test('that asks for another password is account-credential-change-required', async () => {
    expect((await tell({ kind: 'password-required' })).map(({ event }) => event)).toEqual([
      EVENTS.credentialChangeRequired,
    ])
  })
})

test('a signal says neither sub nor exp, and each stream has a jti of its own for it', async () => {
  const [signal] = await told({})
  if (!signal) throw new Error('no signal')
  const [one, two] = [toPayload(signal, 1_800_000_001_999), toPayload(signal)]
  expect(one.jti).not.toBe(two.jti)
  const claims = setClaims(one, { issuer, audience: 'receiver' })
  expect(Object.keys(claims)).toEqual(['iss', 'aud', 'iat', 'jti', 'txn', 'sub_id', 'events'])
  expect([claims.iat, Object.keys(claims.events as object)]).toEqual([1_800_000_001, [EVENTS.sessionRevoked]])
})
