import type { TokenEndpointGrantContext } from 'oidc-provider'

/** A way of asking for tokens: its parameters, which are all that reaches it, beside its handler. */
export type GrantType = {
  readonly name: string
  readonly parameters: readonly string[]
  handle(ctx: TokenEndpointGrantContext): Promise<void>
}
