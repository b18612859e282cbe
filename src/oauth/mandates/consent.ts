import { hash } from 'node:crypto'
import type { ClientMetadata } from '../../clients/client.ts'
import { type Mandate, stateOf } from '../../mandates/mandate.ts'
import type { Mandates } from '../../mandates/mandates.ts'
import { type Lowering, lower } from '../../mandates/narrowing.ts'
import { type AskedApproval, MANDATE_TYPE, type MandateTerms, readDetail } from '../../mandates/terms.ts'
import { familyTtlSeconds } from '../tokens/lifetimes.ts'
import { referenceTo } from './authorization-details.ts'

/** What a customer is asked about: a mandate, or one order under a mandate they gave before. */
export type AskedMandate =
  | { readonly kind: 'mandate'; readonly terms: MandateTerms; readonly resource: string }
  | { readonly kind: 'approval'; readonly approval: AskedApproval; readonly mandate: Mandate }
  /** An order under a mandate that is over, or that another customer gave. */
  | { readonly kind: 'over' }

/** The part of the library's interaction that is read here. */
export type MandateInteraction = {
  /** Names it, and is no secret of the mandate. */
  readonly uid: string
  readonly prompt: { readonly details: Readonly<Record<string, unknown>> }
  readonly params: Readonly<Record<string, unknown>>
  readonly session?: { readonly accountId?: string } | undefined
}

/** The part of the library's grant that is written here: its list of authorization details. */
type GrantDetails = { rar?: object[] }

type Allowed = {
  readonly asked: AskedMandate
  readonly lowering: Lowering
  readonly clientId: string
  readonly customerId: string
}

/** The grant that refers to the mandate. */
type Saved = {
  readonly grantId: string
  readonly companyUserId?: string | undefined
  readonly mandateId?: string | undefined
}

export type MandateConsents = ReturnType<typeof createMandateConsents>

/** What may be asked for is unlimited in time once it was checked. */
const CHECKED = { now: 0, maxDays: Number.MAX_SAFE_INTEGER / 86_400 / 2 }
const MOST_REFERENCES = 20

/** Purchase mandates on the page where customers are asked for consent. */
export function createMandateConsents({
  mandates,
  findClient,
}: {
  readonly mandates: Pick<Mandates, 'find' | 'grant' | 'approve'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}) {
  /** A mandate ends with its sign-in: the page and the tokens promise no more. */
  async function cut(terms: MandateTerms, clientId: string): Promise<MandateTerms> {
    const client = await findClient(clientId)
    const lastAt = Math.floor(Date.now() / 1000) + (client ? familyTtlSeconds(client) : 0)
    return { ...terms, expires_at: Math.min(terms.expires_at, lastAt) }
  }

  return {
    /** What an interaction asks about; undefined where it is about no mandate. */
    async asked({ prompt, params, session }: MandateInteraction): Promise<AskedMandate | undefined> {
      const [detail] = (prompt.details.rar ?? []) as Record<string, unknown>[] // as the library's check puts it there
      if (detail?.type !== MANDATE_TYPE) return undefined
      const read = readDetail(detail, CHECKED)
      if (read.kind === 'fault') return { kind: 'over' }
      if (read.kind === 'mandate') {
        const [location] = read.terms.locations ?? []
        const resource = location ?? String([params.resource].flat()[0])
        const terms = await cut(read.terms, String(params.client_id))
        return { kind: 'mandate', terms: { ...terms, locations: [resource], actions: ['checkout'] }, resource }
      }
      const mandate = await mandates.find(read.approval.mandateId)
      const isOwn = mandate?.customerId === session?.accountId && mandate?.clientId === params.client_id
      if (!mandate || !isOwn || stateOf(mandate, Math.floor(Date.now() / 1000)) !== 'active') return { kind: 'over' }
      return { kind: 'approval', approval: read.approval, mandate }
    },

    /** The id of the mandate that a grant is about to refer to. A page that is answered twice, by a double click, gives one mandate. */
    refer(grant: GrantDetails, asked: AskedMandate, { uid }: Pick<MandateInteraction, 'uid'>): string {
      const id = asked.kind === 'approval' ? asked.mandate.id : idOf(uid)
      const known = (grant.rar ?? []) as { mandate_id?: string }[] // as we wrote it
      const others = known.filter(({ mandate_id }) => mandate_id !== id)
      grant.rar = [...others.slice(1 - MOST_REFERENCES), referenceTo(id)]
      return id
    },

    /** Keeps what the customer allowed; false when it is more than was asked, or one too many. */
    async keep(
      { grantId, mandateId: id, companyUserId }: Saved,
      { asked, lowering, ...link }: Allowed,
    ): Promise<boolean> {
      if (asked.kind === 'over' || id === undefined) return false
      if (asked.kind === 'approval') {
        await mandates.approve(asked.mandate, asked.approval)
        return true
      }
      const lowered = lower(asked.terms, lowering)
      if ('raised' in lowered) return false
      const { resource, terms } = asked
      const owner = { ...link, ...(companyUserId !== undefined && { companyUserId }) }
      const given = { ...owner, id, grantId, resource, asked: terms, terms: lowered.terms }
      return (await mandates.grant(given)).outcome === 'granted'
    },
  }
}

/** The id of the mandate that an interaction can give: a UUID of our own making (RFC 9562 §5.8). */
function idOf(uid: string): string {
  const digits = hash('sha256', `purchase mandate of ${uid}`)
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}
