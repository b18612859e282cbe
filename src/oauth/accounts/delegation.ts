/** Who acts, and who acted before (RFC 8693 §4.1). */
export type Actor = {
  readonly sub: string
  /** Who names the actor, where it is not this server. */
  readonly iss?: string
  readonly act?: Actor
}

/** What a token that was traded for another says of where it came from. */
export type Delegation = {
  readonly act: Actor
  /** The client whose sign-in it hangs from: the grant is that client's, and ends with it. */
  readonly grantClientId: string
  /** The grant that its grant ends with. */
  readonly parentGrantId?: string
  /** Epoch milliseconds, from before what is traded was judged: what signs its new holder out since ends the trade too. */
  readonly judgedAtMs: number
  /** Epoch milliseconds: when the grant was given; absent where it does not say. */
  readonly grantedAtMs?: number | undefined
}

type Delegable = {
  readonly clientId: string
  readonly grantClientId?: string
  readonly parentGrantId?: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** Services hand a request on a few times; a longer chain is a loop. */
const MOST_ACTORS = 5

/** `clientId` goes on with what `token` may do. Undefined when too many have done so before. */
export function delegateTo(clientId: string, token: Delegable, judgedAtMs = Date.now()): Delegation | undefined {
  const before = token.claims.act as Actor | undefined // signed by us, or kept by us
  if (actorsOf(before).length >= MOST_ACTORS) return undefined
  return {
    act: { sub: clientId, ...(before && { act: before }) },
    grantClientId: token.grantClientId ?? token.clientId,
    judgedAtMs,
    ...(token.parentGrantId !== undefined && { parentGrantId: token.parentGrantId }),
  }
}

/** The subjects of a chain of actors, the one who acts now first. */
export function actorsOf(act: unknown): string[] {
  const { sub, act: before } = (act ?? {}) as { sub?: unknown; act?: unknown } // whatever was claimed: both are looked at
  return typeof sub === 'string' ? [sub, ...actorsOf(before)] : []
}
