import type { SignIn, SignInFilter } from '../../audit/sign-ins.ts'
import { chosenId } from '../../customers/customer.ts'
import { cursorOf, numberOfCursor, type Page, type PageRequest } from '../../database/page.ts'
import type { Artifact, Storage, StoredArtifact } from '../../storage/storage.ts'
import { agentAccountId, agentIdOf } from '../accounts/agent-account.ts'
import { anonymousIdOf } from '../accounts/anonymous-account.ts'
import { type DialectSession, grantFacts } from '../accounts/grant-facts.ts'
import { isBeforeAny, type Ownership, type SignOutCutOffs } from '../sign-out-cut-offs.ts'
import type { EndSignIn } from './end-sign-in.ts'

/** A sign-in that is alive: what tokens hang from. */
export type ActiveGrant = {
  readonly id: string
  readonly clientId: string
  readonly customerId?: string
  /** Of a visitor who has not signed in. */
  readonly anonymousId?: string
  /** Of a back-office person's own sign-in, or of one who acts for the customer. */
  readonly agentId?: string
  readonly companyUserId?: string
  /** Epoch seconds. */
  readonly grantedAt: number
  /** Epoch seconds; each use of a refresh token puts it off. */
  readonly expiresAt: number
  /** The grant type, and the address it came from: absent for a grant that the trail does not remember. */
  readonly by?: string
  readonly ip?: string
}

export type GrantFilter = Pick<SignInFilter, 'customerId' | 'clientId'>
export type ActiveGrants = ReturnType<typeof createActiveGrants>

type ActiveGrantDeps = {
  readonly storage: Pick<Storage, 'get' | 'getMany'>
  readonly cutOffs: SignOutCutOffs
  readonly endSignIn: EndSignIn
  readonly findSignIns: (filter: SignInFilter) => Promise<SignIn[]>
}

/** Looked at for one page, alive or not: a page may be short, and the next one goes on. */
const LOOK_AT = 1000

/**
 * The active sign-ins of a customer or a client. Storage keeps no index of them, so that a sign-in costs it nothing
 * more: the audit trail remembers which there were, and storage says which of those live.
 */
export function createActiveGrants({ storage, cutOffs, endSignIn, findSignIns }: ActiveGrantDeps) {
  async function alive(signIns: readonly Pick<SignIn, 'grantId'>[]): Promise<(Artifact | undefined)[]> {
    const grants = await storage.getMany(signIns.map(({ grantId }) => ({ kind: 'Grant', id: grantId })))
    const parents = await parentsOf(grants)
    const owners = grants.map((grant) => (grant ? ownersOf(grant.artifact).flatMap(cutOffs.keys) : []))
    const instants = await storage.getMany(owners.flat())
    return grants.map((grant, index) => {
      const own = instants.splice(0, owners[index]?.length ?? 0)
      const hasParent = parents.get(String(grant?.artifact.parentGrantId)) ?? true
      return grant && hasParent && isAlive(grant, own) ? grant.artifact : undefined
    })
  }

  /** Whether the grants are alive that others end with, by their ids. */
  async function parentsOf(grants: readonly (StoredArtifact | undefined)[]): Promise<Map<string, boolean>> {
    // A text or absent, as it is stored.
    const ids = [...new Set(grants.flatMap((grant) => (grant?.artifact.parentGrantId as string | undefined) ?? []))]
    const parents = await storage.getMany(ids.map((id) => ({ kind: 'Grant', id })))
    return new Map(ids.map((id, index) => [id, parents[index] !== undefined]))
  }

  return {
    async list(filter: GrantFilter, { limit, cursor }: PageRequest): Promise<Page<ActiveGrant>> {
      const before = numberOfCursor(cursor) ?? Number.MAX_SAFE_INTEGER
      const signIns = await findSignIns({ ...filter, before, limit: LOOK_AT })
      const grants = await alive(signIns)
      const items: ActiveGrant[] = []
      let last: SignIn | undefined
      for (const [index, signIn] of signIns.entries()) {
        if (items.length === limit) break
        last = signIn
        const grant = grants[index]
        if (grant) items.push(toActiveGrant(signIn.grantId, grant, signIn))
      }
      const isAll = signIns.length < LOOK_AT && last === signIns.at(-1)
      return { items, ...(last && !isAll && { next: cursorOf(String(last.seq)) }) }
    },

    /** Which of these grants are active. */
    async activeAmong(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const grants = await alive(ids.map((grantId) => ({ grantId })))
      return new Set(ids.filter((_, index) => grants[index] !== undefined))
    },

    /** Ends those of a customer at a client that `isOne` says, by what a dialect keeps with them. */
    async endWhere(filter: Required<GrantFilter>, isOne: (session: DialectSession) => boolean): Promise<void> {
      for (let before = Number.MAX_SAFE_INTEGER; ; ) {
        const signIns = await findSignIns({ ...filter, before, limit: LOOK_AT })
        const grants = await alive(signIns)
        for (const [index, { grantId }] of signIns.entries()) {
          const grant = grants[index]
          if (!grant || !isOne(grantFacts(grant)?.dialectSession ?? {})) continue
          await endSignIn({ what: { of: 'grant', grantId, ...cutOffOwner(grant) }, why: 'revoked-by-client' })
        }
        const last = signIns.at(-1)
        if (!last || signIns.length < LOOK_AT) return
        before = last.seq
      }
    },

    /** Ends one as `by` says: every token under it is dead on its next use. Undefined when it is not alive. */
    async revoke(id: string, by: string): Promise<ActiveGrant | undefined> {
      const [grant] = await alive([{ grantId: id }])
      if (!grant) return undefined
      await endSignIn({ what: { of: 'grant', grantId: id, ...cutOffOwner(grant) }, why: 'operator', by })
      return toActiveGrant(id, grant)
    },
  }
}

function isAlive({ artifact }: StoredArtifact, instants: readonly (StoredArtifact | undefined)[]): boolean {
  return Number(artifact.exp) > Date.now() / 1000 && !isBeforeAny(instants, grantedAtMs(artifact))
}

function cutOffOwner(artifact: Artifact) {
  // Texts or absent, as they are stored.
  const { accountId, clientId, companyUserId } = artifact as Record<string, string | undefined>
  return { ...(accountId && { accountId }), ...(clientId && { clientId }), ...(companyUserId && { companyUserId }) }
}

/** Whose sign-out ends it: its owner's, and that of the agent who acts for them. */
function ownersOf(artifact: Artifact): Ownership[] {
  const { actingAgentId } = artifact as Record<string, string | undefined> // a text or absent, as it is stored
  return [cutOffOwner(artifact), ...(actingAgentId ? [{ accountId: agentAccountId(actingAgentId) }] : [])]
}

function grantedAtMs({ createdAtMs, iat }: Artifact): number {
  return Number(createdAtMs ?? Number(iat) * 1000)
}

function toActiveGrant(id: string, grant: Artifact, signIn?: SignIn): ActiveGrant {
  // Texts or absent, as they are stored.
  const { accountId = '', clientId = '', companyUserId, actingAgentId } = grant as Record<string, string | undefined>
  const agentId = actingAgentId ?? agentIdOf(accountId)
  const anonymousId = anonymousIdOf(accountId)
  const isCustomer = agentIdOf(accountId) === undefined && anonymousId === undefined
  return {
    id,
    clientId,
    ...(isCustomer && { customerId: accountId }),
    ...(anonymousId !== undefined && { anonymousId }),
    ...(agentId !== undefined && { agentId }),
    ...(chosenId(companyUserId) !== undefined && { companyUserId: chosenId(companyUserId) }),
    grantedAt: Math.floor(grantedAtMs(grant) / 1000),
    expiresAt: Number(grant.exp),
    ...(signIn && { by: signIn.by }),
    ...(signIn?.ip !== undefined && { ip: signIn.ip }),
  }
}
