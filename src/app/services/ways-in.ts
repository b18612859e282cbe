import type { Config } from '../../config.ts'
import type { Directory } from '../../customers/directory.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { createWaysIn, type WaysIn } from '../../customers/ways-in.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { Backends } from '../backends.ts'
import { relyingPartyOf } from './passkeys.ts'

type WaysInServices = {
  readonly directory: Pick<Directory, 'findById'>
  readonly factors: Pick<CustomerFactors, 'needOf'>
  readonly upstreams: Pick<UpstreamRegistry, 'find'>
  readonly keepsPasswords: boolean
}

/** By which ways customers get in, as the settings are. */
export function createCustomerWaysIn(
  config: Config,
  { database: { knex }, mailer }: Pick<Backends, 'database' | 'mailer'>,
  { directory, factors, upstreams, keepsPasswords }: WaysInServices,
): WaysIn {
  const offersCode = config.SIGN_IN_CODE === 'offered' && mailer.isOffered
  return createWaysIn({
    knex,
    keepsPasswords,
    offersPasskeys: relyingPartyOf(config) !== undefined,
    isUsable: (id) => upstreams.find(id) !== undefined,
    async takesMailedCode(customerId) {
      const customer = offersCode ? await directory.findById(customerId) : undefined
      // Where a code by mail is the second factor, it is not the first one as well.
      return customer?.emailVerified === true && (await factors.needOf(customer, undefined)) !== 'mail'
    },
  })
}
