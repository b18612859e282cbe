import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Sealing, SecondFactors } from './second-factors.ts'
import { newTotp } from './totp.ts'

/** A secret that a person is about to put into an authenticator app. */
export type Enrolment = {
  readonly secret: string
  /** What the app reads from a QR code. */
  readonly uri: string
  /** The same secret for the form that confirms it, unreadable and of use to this person alone. */
  readonly sealed: string
}

export type Enrolments = {
  begin(person: { readonly id: string; readonly email: string }): Enrolment
  /** The enrolment of a form that comes back, to be shown again; undefined for one that is not this person's or too old. */
  again(person: { readonly id: string; readonly email: string }, sealed: string): Enrolment | undefined
  /** The secret is the person's second factor from now on, if the code is of it and they had none. */
  confirm(personId: string, sealed: string, code: string): Promise<boolean>
}

const TTL_MS = 15 * 60_000
/** Of what is sealed: longer than any that we make. */
const MAX_LENGTH = 2000
const content = z.object({ secret: z.string(), madeAtMs: z.number(), nonce: z.string() })

/**
 * Secrets that nothing stores before they are confirmed: the form carries its own. Whoever began to set up a factor for somebody else
 * has therefore no share in the one that the person sets up later.
 */
export function createEnrolments({
  secondFactors,
  sealing,
  issuer,
  now = Date.now,
}: {
  readonly secondFactors: Pick<SecondFactors, 'adopt'>
  readonly sealing: Sealing
  /** The name an authenticator app shows. */
  readonly issuer: string
  /** Epoch milliseconds. */
  readonly now?: () => number
}): Enrolments {
  function read(personId: string, sealed: string): string | undefined {
    const opened = open(sealing, contextOf(personId), sealed)
    const parsed = content.safeParse(opened)
    return parsed.success && now() - parsed.data.madeAtMs < TTL_MS ? parsed.data.secret : undefined
  }

  return {
    begin({ id, email }) {
      const totp = newTotp(issuer, email)
      const plaintext = JSON.stringify({ secret: totp.secret, madeAtMs: now(), nonce: randomUUID() })
      const sealed = Buffer.from(JSON.stringify(sealing.seal(contextOf(id), plaintext))).toString('base64url')
      return { ...totp, sealed }
    },
    again({ id, email }, sealed) {
      const secret = read(id, sealed)
      return secret === undefined ? undefined : { ...newTotp(issuer, email, secret), sealed }
    },
    async confirm(personId, sealed, code) {
      const secret = read(personId, sealed)
      return secret !== undefined && secondFactors.adopt(personId, secret, code)
    },
  }
}

/** Apart from the stored factor of the same person: one does not open as the other. */
function contextOf(personId: string): string {
  return `enrolment:${personId}`
}

/** What a browser sends back can be anything. */
function open(sealing: Sealing, id: string, sealed: string): unknown {
  if (sealed.length > MAX_LENGTH) return undefined
  try {
    const box: unknown = JSON.parse(Buffer.from(sealed, 'base64url').toString('utf8'))
    return typeof box === 'object' && box !== null ? JSON.parse(sealing.open(id, box)) : undefined
  } catch {
    return undefined
  }
}
