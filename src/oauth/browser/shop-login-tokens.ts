import { hash, type KeyObject } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { z } from 'zod'
import { type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import type { RedeemedLink } from '../../customers/sign-in-links.ts'
import type { Storage } from '../../storage/storage.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'

export type ShopLoginTokensDeps = {
  /** Public RSA keys of those who may mint such tokens, as of now. */
  readonly keys: () => readonly KeyObject[]
  /** The client whose name the tokens carry as audience. */
  readonly audience: string
  readonly findCustomer: (idCustomer: number) => Promise<Customer | undefined>
  readonly cutOffs: Pick<SignOutCutOffs, 'isBefore'>
  readonly storage: Pick<Storage, 'putOnce'>
  /** Whether a token works until it expires, as in the shop, or once. */
  readonly allowsReuse: boolean
}

const KIND = 'ShopLoginToken'
/** The shop's tokens live eight hours. */
const MAX_LIFETIME_SECONDS = 28_800
const CLOCK_TOLERANCE_SECONDS = 5

/** What the shop writes, and nothing that tokens of ours have: an access token is no login token. */
const payload = z.object({
  jti: z.string().min(1).max(255),
  iat: z.number().positive(),
  exp: z.number().positive(),
  scopes: z.array(z.string()).length(0),
  iss: z.never().optional(),
  client_id: z.never().optional(),
  sub: z.string().transform((text, context) => {
    try {
      const parsed: unknown = JSON.parse(text)
      return parsed
    } catch {
      context.addIssue({ code: 'custom', message: 'no JSON' })
      return z.NEVER
    }
  }),
})

/** The database keeps no larger number of a customer. */
const MOST_NUMBER = 2_147_483_647

const identity = z.object({
  id_customer: z.int().positive().max(MOST_NUMBER),
  /** The shop's number as text, or the id. */
  id_company_user: z.string().min(1).max(255),
  customer_reference: z.string().nullish(),
})

type Claims = z.output<typeof payload> & { readonly identity: z.output<typeof identity> }

/**
 * The JWTs by which a Spryker shop signs a company user in (`createCompanyUserAccessToken`): RS256 by a key that is trusted for
 * it, an audience, `sub` a JSON text with the numbers of customer and company user, no scopes, eight hours at most. Here each works
 * once unless reuse is allowed, and not after the customer was signed out, blocked or got another password.
 */
export function createShopLoginTokens(deps: ShopLoginTokensDeps) {
  const { keys, audience, findCustomer, cutOffs, storage, allowsReuse } = deps

  return async function redeem(token: string): Promise<RedeemedLink> {
    const claims = await readClaims(token, keys(), audience)
    if (typeof claims === 'string') return refused(claims)
    const { id_customer: number, id_company_user: wanted, customer_reference: reference } = claims.identity
    const customer = await findCustomer(number)
    if (!customer || (reference && reference !== customer.customerReference)) return refused('an unknown customer')
    const { id: accountId, companyUsers, status } = customer
    if (status !== 'active') return refused('blocked', accountId)
    const companyUser = companyUsers.find(({ id, idCompanyUser }) => id === wanted || String(idCompanyUser) === wanted)
    if (!companyUser || !isActiveCompanyUser(companyUser)) return refused('a company user who may not act', accountId)
    const { id: companyUserId } = companyUser
    if (await cutOffs.isBefore({ accountId, companyUserId }, claims.iat * 1000))
      return refused('signed out since', accountId)
    if (!allowsReuse && !(await takeOnce(claims))) return refused('used before', accountId)
    return { outcome: 'redeemed', customer, companyUserId }
  }

  async function takeOnce({ jti, exp }: Claims): Promise<boolean> {
    const leftSeconds = Math.ceil(exp - Date.now() / 1000) + 2 * CLOCK_TOLERANCE_SECONDS
    return storage.putOnce(KIND, hash('sha256', jti, 'base64url'), {}, Math.max(1, leftSeconds))
  }
}

/** @returns why the token is none. */
async function readClaims(token: string, keys: readonly KeyObject[], audience: string): Promise<Claims | string> {
  const signed = await verifiedBy(token, keys, audience)
  if (typeof signed === 'string') return signed
  const read = payload.safeParse(signed)
  const who = read.success ? identity.safeParse(read.data.sub) : read
  if (!read.success || !who.success) return 'not a login token of the shop'
  const { iat, exp } = read.data
  if (exp - iat > MAX_LIFETIME_SECONDS + CLOCK_TOLERANCE_SECONDS) return 'it lives too long'
  if (iat > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS) return 'from the future'
  return { ...read.data, identity: who.data }
}

async function verifiedBy(token: string, keys: readonly KeyObject[], audience: string): Promise<object | string> {
  const rules = { algorithms: ['RS256'], audience, clockTolerance: CLOCK_TOLERANCE_SECONDS }
  for (const key of keys) {
    try {
      return (await jwtVerify(token, key, rules)).payload
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue
      if (error instanceof errors.JWTExpired) return 'expired'
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') return 'for another audience'
      if (error instanceof errors.JOSEError) return 'not a login token of the shop'
      throw error
    }
  }
  return 'signed with a key that is not trusted for it'
}

function refused(reason: string, customerId?: string): RedeemedLink {
  return { outcome: 'refused', reason, ...(customerId !== undefined && { customerId }) }
}
