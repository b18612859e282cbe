import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { EndingCause, SignInEnded } from '../../sign-in-endings/sign-in-ended.ts'
import { agentIdOf } from '../accounts/agent-account.ts'
import { anonymousIdOf } from '../accounts/anonymous-account.ts'

/** Who ended a link by itself; what ends everything of a person or a client is in the trail under that name. */
const BY: Partial<Record<EndingCause, string>> = {
  'ended-by-customer': 'by the customer',
  operator: 'by an operator',
  'revoked-by-client': 'by the client',
}

export type NoteWithdrawalDeps = {
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly audit: Audit
}

/** Notes in the trail that a link of a customer with software of others ended. */
export function createNoteWithdrawal({ findClient, audit }: NoteWithdrawalDeps) {
  return async function noteWithdrawal({ what, why, by, accountId, clientId, grantId }: SignInEnded): Promise<void> {
    const reason = BY[why]
    if (what !== 'grant' || reason === undefined || accountId === undefined || clientId === undefined) return
    if (agentIdOf(accountId) !== undefined || anonymousIdOf(accountId) !== undefined) return
    const client = await findClient(clientId)
    if (!client || client.first_party === true) return
    audit({
      type: 'link.withdrawn',
      customerId: accountId,
      clientId,
      ...(grantId !== undefined && { grantId }),
      ...(by !== undefined && { actor: by }),
      reason,
    })
  }
}
