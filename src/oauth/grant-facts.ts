import type { Context } from 'koa'
import type { Grant, Provider } from 'oidc-provider'

/** What we keep on a grant beyond the library's own fields. */
export type GrantFacts = {
  /** Epoch milliseconds: precise enough that a sign-in right after "sign out everywhere" is not hit by it. */
  readonly createdAtMs: number
  /** Set when the person chose a company user; otherwise the selection rule of the customer applies. */
  readonly companyUserId?: string
}

const FIELDS = ['createdAtMs', 'companyUserId']

/** The library stores only the fields a model lists; this lists ours too. Call it once, before the provider is used. */
export function keepGrantFacts(provider: Provider): void {
  const { Grant } = provider
  const fields = [...(Grant as unknown as { IN_PAYLOAD: string[] }).IN_PAYLOAD, ...FIELDS]
  Object.defineProperty(Grant, 'IN_PAYLOAD', { get: () => fields })
}

export function withFacts(grant: Grant, facts: Omit<GrantFacts, 'createdAtMs'> = {}): Grant {
  return Object.assign(grant, { createdAtMs: Date.now(), ...facts })
}

export function grantFacts(grant: Grant | undefined): GrantFacts | undefined {
  const facts = grant as unknown as Partial<GrantFacts> | undefined
  return facts?.createdAtMs === undefined ? undefined : (facts as GrantFacts)
}

/** The company user of the grant that the request under way issued tokens for. */
export function companyUserOf(ctx: Context): string | undefined {
  const { oidc } = ctx as unknown as { oidc?: { entities: { Grant?: Grant } } }
  return grantFacts(oidc?.entities.Grant)?.companyUserId
}
