import type { TokenShape } from '../../oauth/tokens/token-shape.ts'

/** The scope by which services of the shop tell an employee, who may act for customers, from a customer. */
export const AGENT_SCOPE = 'agent'

/** The standard token. An agent's has the scope `agent`; no other token has it, even if it was asked for. */
export const sapCommerceToken: TokenShape = ({ payload, scopes, agent }) => {
  const granted = [...scopes.filter((scope) => scope !== AGENT_SCOPE), ...(agent ? [AGENT_SCOPE] : [])]
  return { payload: { ...payload, ...(granted.length > 0 ? { scope: granted.join(' ') } : { scope: undefined }) } }
}
