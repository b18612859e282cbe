import { COMPANY_USER_GRANT } from '../../oauth/grants/company-user.ts'
import { HANDOVER_GRANT } from '../../oauth/grants/handover.ts'
import type { OAuthParameters } from '../dialect.ts'

type Exchange = { readonly token: string; readonly clientId: string; readonly resource: string }

/** Trades `token`, which was just issued, for the dialect's token. */
export function exchangeFor({ token, clientId, resource }: Exchange): OAuthParameters {
  return { grant_type: HANDOVER_GRANT, client_id: clientId, resource, subject_token: token }
}

/** Asks for the dialect's token with which the holder of `token` acts as one of their company users. */
export function actAs({
  token,
  clientId,
  resource,
  companyUserId,
}: Exchange & { companyUserId: string }): OAuthParameters {
  return {
    grant_type: COMPANY_USER_GRANT,
    client_id: clientId,
    resource,
    subject_token: token,
    company_user_id: companyUserId,
  }
}
