import { createHmac, timingSafeEqual } from 'node:crypto'
import { errors } from 'oidc-provider'
import type { Customer } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'
import { toAccount } from '../accounts/account.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'

export const SIGNED_USER_GRANT = 'urn:vestibule:grant:signed-user'

export type SignedUserGrantDeps = {
  readonly storage: Pick<Storage, 'putOnce'>
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
  /** The key, in base64, with which the service that knows the person signs; without it the grant refuses everything. */
  readonly signedUserSecret?: string | undefined
}

/** How far a signature's moment may be from ours; the service's own advice. */
const WINDOW_SECONDS = 180
const REDEEMED = 'SignedUser'

/**
 * A customer whom another service has signed in and vouches for: an HMAC over the customer's reference and a moment, as SAP
 * Customer Data Cloud makes it. It works once, within minutes. Every refusal is the same.
 */
export function signedUserGrant(deps: SignedUserGrantDeps): GrantType {
  return {
    name: SIGNED_USER_GRANT,
    parameters: ['uid', 'signature', 'signed_at', 'scope', 'resource'],
    async handle(ctx) {
      const { uid, signature, signed_at: signedAt } = parametersOf(ctx)
      if (typeof uid !== 'string' || typeof signature !== 'string' || typeof signedAt !== 'string') {
        throw new errors.InvalidRequest('uid, signature and signed_at are required')
      }
      const provedAtMs = Date.now()
      const customer = (await isProved(deps, { uid, signature, signedAt }))
        ? await deps.findCustomerByReference(uid)
        : undefined
      const isAdmitted = customer?.status === 'active' && customer.emailVerified
      const account = isAdmitted ? toAccount(customer) : undefined
      // For the words of dialects: no password was checked, and the refusal says as little as that of a wrong password.
      requestState(ctx).authentication = { outcome: account ? 'authenticated' : 'refused' }
      if (!account) {
        const refusal = new errors.InvalidGrant(`the signature of ${clientIdOf(ctx)} does not prove a customer`)
        refusal.error_description = 'invalid user or signature'
        throw refusal
      }
      await issueTokens(ctx, { account, grantType: SIGNED_USER_GRANT, defaultScope: 'customer', provedAtMs })
    },
  }
}

type Signed = { readonly uid: string; readonly signature: string; readonly signedAt: string }

async function isProved({ storage, signedUserSecret }: SignedUserGrantDeps, signed: Signed): Promise<boolean> {
  const { uid, signature, signedAt } = signed
  if (signedUserSecret === undefined || !/^\d{1,12}$/.test(signedAt)) return false
  if (Math.abs(Date.now() / 1000 - Number(signedAt)) > WINDOW_SECONDS) return false
  const expected = createHmac('sha1', Buffer.from(signedUserSecret, 'base64')).update(`${signedAt}_${uid}`).digest()
  const given = Buffer.from(signature, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false
  return storage.putOnce(REDEEMED, hashId(expected.toString('base64')), {}, 2 * WINDOW_SECONDS)
}
