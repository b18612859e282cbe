import type { GrantType } from '../grant-type.ts'
import { type PasswordGrantDeps, passwordGrant } from './password.ts'
import { type RefreshGrantDeps, refreshTokenGrant } from './refresh-token.ts'

/** Our own grant types; the library brings authorization code, client credentials and device code. */
export function createGrants(deps: PasswordGrantDeps & RefreshGrantDeps): GrantType[] {
  return [passwordGrant(deps), refreshTokenGrant(deps)]
}
