import { z } from 'zod'

/** What a round of a sign-in asks for: the parameters of its first request, checked. */
const round = z.object({
  /** Epoch milliseconds. */
  startedAtMs: z.number(),
  scope: z.string().optional(),
  resource: z.string().optional(),
  nonce: z.string().optional(),
  /** JSON, as it was sent. */
  claims: z.string().optional(),
  acrValues: z.string().optional(),
  /** S256. */
  codeChallenge: z.string().optional(),
  redirectUri: z.string().optional(),
  state: z.string().optional(),
  uiLocales: z.string().optional(),
  /** The company user that the request names. */
  companyUserId: z.string().optional(),
  /** The steps that the app can show; absent: all. */
  steps: z.array(z.string()).optional(),
  /** Epoch milliseconds: what was proved before does not count (`max_age`). */
  freshAfterMs: z.number().optional(),
  /** Epoch milliseconds: a second factor from before does not count. */
  factorAfterMs: z.number().optional(),
})

/** A customer who has proved something in the sign-in under way. */
const person = z.object({
  /** A `Proof`, measured anew in each request. */
  proof: z.unknown(),
  /** How they did (RFC 8176). */
  amr: z.array(z.string()),
  /** Epoch milliseconds of the last proof. */
  provedAtMs: z.number(),
  /** Epoch milliseconds of the last second factor or passkey. */
  factorAtMs: z.number().optional(),
  /** The first proof was a code by mail: another one is no second factor. */
  isByMail: z.boolean().optional(),
  mustChangePassword: z.boolean().optional(),
  /** The address has to be confirmed first, by a code; nothing else counts before. */
  isUnconfirmed: z.boolean().optional(),
  /** As whom they act, where they chose. */
  companyUserId: z.string().optional(),
})

/** A sign-in of one instance of an app, as it is kept. */
export const sessionRecord = z.object({
  clientId: z.string(),
  /** Of the key that every request must prove; absent where the first one proved none. */
  jkt: z.string().optional(),
  /** Of the value in use. */
  digest: z.string(),
  /** The value before, for an answer that got lost. */
  previous: z.object({ digest: z.string(), untilMs: z.number() }).optional(),
  /** Epoch milliseconds. */
  endsAtMs: z.number(),
  isFinished: z.boolean(),
  round,
  /** What was typed as login. */
  username: z.string().optional(),
  person: person.optional(),
  /** Whose sign-in it is: nobody else goes on with it. */
  customerId: z.string().optional(),
  /** Wrong proofs so far. */
  failures: z.number(),
  /** The grant of the last code: what ends it ends this too. */
  grantId: z.string().optional(),
})

export type Round = z.output<typeof round>
export type KeptPerson = z.output<typeof person>
export type SessionRecord = z.output<typeof sessionRecord>

/** What the callers decide of a record; its digests and its end are the store's own. */
export type SessionState = Omit<SessionRecord, 'digest' | 'previous' | 'endsAtMs'>
