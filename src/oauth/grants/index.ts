import { type JwtBearerGrantDeps, jwtBearerGrant } from '../assertions/jwt-bearer.ts'
import { type AgentGrantDeps, agentGrant } from './agent.ts'
import { type AnonymousGrantDeps, anonymousGrant } from './anonymous.ts'
import { companyUserGrant } from './company-user.ts'
import type { GrantType } from './grant-type.ts'
import { handoverGrant } from './handover.ts'
import { type ImpersonationGrantDeps, impersonationGrant } from './impersonation.ts'
import { type OneTimePasswordGrantDeps, oneTimePasswordGrant } from './one-time-password.ts'
import { type PasswordGrantDeps, passwordGrant } from './password.ts'
import { type RefreshGrantDeps, refreshTokenGrant } from './refresh-token.ts'
import { type SignedUserGrantDeps, signedUserGrant } from './signed-user.ts'
import { type TokenExchangeDeps, tokenExchangeGrant } from './token-exchange.ts'
import { type TrustedSystemGrantDeps, trustedSystemGrant } from './trusted-system.ts'
import { type VouchedCustomerGrantDeps, vouchedCustomerGrant } from './vouched-customer.ts'
import { warehouseGrant } from './warehouse.ts'

export type GrantDeps = AgentGrantDeps &
  AnonymousGrantDeps &
  ImpersonationGrantDeps &
  JwtBearerGrantDeps &
  OneTimePasswordGrantDeps &
  PasswordGrantDeps &
  RefreshGrantDeps &
  SignedUserGrantDeps &
  TokenExchangeDeps &
  TrustedSystemGrantDeps &
  VouchedCustomerGrantDeps

/** Our own grant types; the library brings authorization code, client credentials and device code. */
export function createGrants(deps: GrantDeps): GrantType[] {
  return [
    agentGrant(deps),
    anonymousGrant(deps),
    companyUserGrant(deps),
    handoverGrant(deps),
    impersonationGrant(deps),
    jwtBearerGrant(deps),
    oneTimePasswordGrant(deps),
    passwordGrant(deps),
    refreshTokenGrant(deps),
    signedUserGrant(deps),
    tokenExchangeGrant(deps),
    trustedSystemGrant(deps),
    vouchedCustomerGrant(deps),
    warehouseGrant(deps),
  ]
}
