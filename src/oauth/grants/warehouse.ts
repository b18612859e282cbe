import { errors } from 'oidc-provider'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { deriveTokens } from './derive-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { findSubject, type SubjectTokenDeps, WAREHOUSE_SCOPE } from './subject-token.ts'

export const WAREHOUSE_GRANT = 'urn:vestibule:grant:warehouse'

/** A device in a warehouse works for a week with what it was given: the one token that outlives its source, and not its grant. */
const WEEK_SECONDS = 604_800

/** Trades an agent's token for one of the warehouse they are assigned to; that token names the warehouse and not the agent. */
export function warehouseGrant(deps: SubjectTokenDeps): GrantType {
  return {
    name: WAREHOUSE_GRANT,
    parameters: ['subject_token', 'scope', 'resource'],
    async handle(ctx) {
      const subject = await findSubject(deps, ctx)
      const { account, grant } = subject
      if (!isAgentAccount(account)) throw new errors.InvalidGrant('only the back office works in a warehouse')
      if (account.agent.idWarehouse === undefined) throw new errors.AccessDenied('no warehouse is assigned')
      const endsAt = Math.min(Math.ceil(Date.now() / 1000) + WEEK_SECONDS, Number(grant.exp))
      await deriveTokens(deps, ctx, { subject, account, grantType: WAREHOUSE_GRANT, gives: [WAREHOUSE_SCOPE], endsAt })
    },
  }
}
