import { errors } from 'oidc-provider'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { findSubject, type SubjectTokenDeps } from './subject-token.ts'

export const WAREHOUSE_GRANT = 'urn:vestibule:grant:warehouse'

/** Trades an agent's token for one of the warehouse they are assigned to; that token names the warehouse and not the agent. */
export function warehouseGrant(deps: SubjectTokenDeps): GrantType {
  return {
    name: WAREHOUSE_GRANT,
    parameters: ['subject_token', 'scope', 'resource'],
    async handle(ctx) {
      const { account } = await findSubject(deps, ctx)
      if (!isAgentAccount(account)) throw new errors.InvalidGrant('only the back office works in a warehouse')
      if (account.agent.idWarehouse === undefined) throw new errors.AccessDenied('no warehouse is assigned')
      await issueTokens(ctx, { account, grantType: WAREHOUSE_GRANT, defaultScope: 'profile' })
    },
  }
}
