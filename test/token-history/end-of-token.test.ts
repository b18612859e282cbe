import { expect, test } from 'vitest'
import { endOf, type KnownEndings } from '../../src/token-history/end-of-token.ts'
import type { EndingFacts, TokenRecord } from '../../src/token-history/token-record.ts'

/** Issued at 2000 under a grant of 1000; it expires at 9000. */
const token: TokenRecord = {
  tokenId: 'jti',
  kind: 'access-token',
  clientId: 'service',
  grantClientId: 'frontend',
  accountId: 'customer',
  agentAccountId: 'agent:7',
  companyUserId: 'company-user',
  grantId: 'grant',
  parentGrantId: 'parent',
  grantedAtMs: 1000,
  issuedAtMs: 2000,
  expiresAt: 9,
}

type Case = {
  readonly name: string
  readonly record?: { readonly [Name in keyof TokenRecord]?: TokenRecord[Name] | undefined }
  readonly endings?: Readonly<Record<string, EndingFacts>>
  readonly known?: Partial<KnownEndings>
  readonly nowMs?: number
  readonly end: object | undefined
}

const until = (untilMs: number): EndingFacts => ({ cause: 'operator', atMs: 5000, untilMs })
const ended = { cause: 'operator', atMs: 5000 }

const CASES: readonly Case[] = [
  { name: 'nothing', end: undefined },
  { name: 'its time, to the millisecond', nowMs: 9000, end: { cause: 'expired', atMs: 9000 } },
  { name: 'its time, one millisecond before', nowMs: 8999, end: undefined },
  { name: 'itself', endings: { 'token:jti': ended }, end: ended },
  {
    name: 'its grant',
    endings: { 'grant:grant': { ...ended, endedBy: 'admin' } },
    end: { ...ended, endedBy: 'admin' },
  },
  { name: 'the grant its grant ends with', endings: { 'grant:parent': ended }, end: ended },
  { name: 'everybody, in the instant of its grant', endings: { everybody: until(1000) }, end: ended },
  { name: 'everybody, before its grant', endings: { everybody: until(999) }, end: undefined },
  { name: 'its customer', endings: { 'account:customer': until(1000) }, end: ended },
  { name: 'its customer, before its grant', endings: { 'account:customer': until(999) }, end: undefined },
  { name: 'the agent who acts', endings: { 'account:agent:7': until(1000) }, end: ended },
  { name: 'its company user', endings: { 'company-user:company-user': until(1000) }, end: ended },
  { name: 'the client of its grant', endings: { 'client:frontend': until(1000) }, end: ended },
  { name: 'the client of its grant, before the grant', endings: { 'client:frontend': until(999) }, end: undefined },
  {
    name: 'the client that holds it, in the instant of the trade',
    endings: { 'client:service': until(2000) },
    end: ended,
  },
  { name: 'the client that holds it, before the trade', endings: { 'client:service': until(1999) }, end: undefined },
  {
    name: 'an instant still to come when it was issued',
    record: { issuedAtMs: 6000 },
    endings: { everybody: until(7000) },
    end: { cause: 'operator', atMs: 6000 },
  },
  {
    name: 'the first of several',
    endings: { 'grant:grant': { cause: 'sign-out', atMs: 4000 }, everybody: until(8000) },
    nowMs: 9999,
    end: { cause: 'sign-out', atMs: 4000 },
  },
  {
    name: 'its time, where it was ended after that',
    endings: { 'grant:grant': { cause: 'sign-out', atMs: 9500 } },
    nowMs: 9999,
    end: { cause: 'expired', atMs: 9000 },
  },
  {
    name: 'its successor',
    record: { kind: 'refresh-token', place: 0 },
    known: { rotatedAtMs: 3000 },
    end: { cause: 'rotated', atMs: 3000 },
  },
  {
    name: 'nothing, where one token of another kind has its id',
    record: { kind: 'refresh-token', place: 0 },
    endings: { 'token:jti': ended },
    end: undefined,
  },
  {
    name: 'what ends a machine’s token: its client, by its own instant',
    record: {
      grantId: undefined,
      parentGrantId: undefined,
      accountId: undefined,
      grantedAtMs: undefined,
      grantClientId: undefined,
    },
    endings: { 'client:service': until(2000) },
    end: ended,
  },
  {
    name: 'nothing of a machine whose sign-out was before',
    record: {
      grantId: undefined,
      parentGrantId: undefined,
      accountId: undefined,
      grantedAtMs: undefined,
      grantClientId: undefined,
    },
    endings: { 'client:service': until(1999) },
    end: undefined,
  },
]

test.each(CASES)('a token is ended by $name', ({ record = {}, endings = {}, known = {}, nowMs = 8000, end }) => {
  const bySubject = new Map(Object.entries(endings).map(([subject, facts]) => [subject, [facts]]))
  // Members that a case leaves out are absent.
  const whole = Object.fromEntries(Object.entries({ ...token, ...record }).filter(([, value]) => value !== undefined))
  expect(endOf(whole as TokenRecord, { endings: bySubject, ...known }, nowMs)).toEqual(end) // the cases have every member that must be
})
