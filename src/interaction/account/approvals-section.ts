import type { ClientMetadata } from '../../clients/client.ts'
import type { DescribeScopes } from '../../oauth/browser/asked-scopes.ts'
import type { Approval, Approvals } from '../../oauth/ciba/approvals.ts'
import type { Decide } from '../../oauth/ciba/decide.ts'
import { scopeViews } from '../scope-views.ts'
import type { AccountSection } from './section.ts'
import type { Visit } from './visit.ts'

const ACT = 'apps/approve'

export type ApprovalsSectionDeps = {
  readonly approvals: Pick<Approvals, 'list'>
  readonly decide: Decide
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly describeScopes: DescribeScopes
}

/** What clients ask the customer to approve that was begun on another device (CIBA), and the answer. */
export function createApprovalsSection({
  approvals,
  decide,
  findClient,
  describeScopes,
}: ApprovalsSectionDeps): AccountSection {
  async function viewOf({ languages, addressOf }: Visit, { id, clientId, ...asked }: Approval) {
    const { scopes, resources, bindingMessage, expiresAt } = asked
    const client = await findClient(clientId)
    const byResource = Object.fromEntries(resources.map((resource) => [resource, scopes]))
    return {
      id,
      client: client?.client_name ?? clientId,
      bindingMessage,
      expiresAt,
      scopes: scopeViews(await describeScopes(scopes, byResource), languages),
      href: withId(addressOf(ACT), id),
    }
  }

  return {
    page: 'apps',
    async show(visit) {
      const waiting = await approvals.list(visit.customer.id)
      if (waiting.length === 0) return undefined
      return { template: 'approvals', approvals: await Promise.all(waiting.map((each) => viewOf(visit, each))) }
    },
    acts: [
      {
        path: ACT,
        isSensitive: true,
        keeps: ['id'],
        async open(visit, { values }) {
          const asked = values.id ?? visit.ctx.query.id
          const approval = (await approvals.list(visit.customer.id)).find(({ id }) => id === asked)
          return approval && { template: 'approval-form', ...(await viewOf(visit, approval)), ...visit.form(ACT) }
        },
        async submit({ ctx, session }, { id = '', decision = '' }) {
          if (decision !== 'allow' && decision !== 'deny') return { outcome: 'unknown' }
          const outcome = decision === 'allow' ? await decide.approve(session, id, ctx) : await decide.deny(session, id)
          if (outcome === 'unknown') return { outcome: 'unknown' }
          if (outcome === 'needs-factor') return { outcome: 'refused', problem: 'approval-factor' }
          return { outcome: 'done', notice: decision === 'allow' ? 'approval-given' : 'approval-denied' }
        },
      },
    ],
  }
}

function withId(address: string, id: string): string {
  return `${address}${address.includes('?') ? '&' : '?'}id=${id}`
}
