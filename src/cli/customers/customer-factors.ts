import type { Customer } from '../../customers/customer.ts'
import { plain } from '../../plain-text.ts'
import type { Action, ActionRequest } from '../command/action.ts'
import { findCustomer } from '../command/find-customer.ts'
import { printJson, printTable } from '../command/print.ts'

type Standing = {
  readonly hasSecondFactor: boolean
  readonly recoveryCodesLeft: number
  readonly rememberedBrowsers: number
}

/** What can be done with a customer's second factor. */
export const CUSTOMER_FACTOR_ACTIONS: Readonly<Record<string, Action>> = {
  'second-factor show': {
    takes: 'CUSTOMER',
    does: 'show whether a customer has a second factor',
    example: 'second-factor show DE--21',
    async run(request) {
      const standing = await request.admin.call<Standing>('GET', pathOf(await named(request)))
      if (request.isJson) return printJson(standing)
      const { hasSecondFactor, recoveryCodesLeft, rememberedBrowsers } = standing
      const row = [hasSecondFactor ? 'yes' : 'no', String(recoveryCodesLeft), String(rememberedBrowsers)]
      printTable(['SECOND FACTOR', 'RECOVERY CODES LEFT', 'REMEMBERED BROWSERS'], [row])
    },
  },
  'second-factor reset': {
    takes: 'CUSTOMER',
    does: 'take the second factor away from a customer who has lost it; the customer is told by mail',
    example: 'second-factor reset DE--21',
    async run(request) {
      const customer = await named(request)
      const standing = await request.admin.call<Standing>('POST', `${pathOf(customer)}/reset`, {})
      if (request.isJson) return printJson(standing)
      console.log(`a password is enough for ${plain(customer.customerReference)} again`)
    },
  },
}

function named({ admin, subjects: [customer = ''] }: ActionRequest): Promise<Customer> {
  return findCustomer(admin, customer)
}

function pathOf({ id }: Customer): string {
  return `/v1/customers/${encodeURIComponent(id)}/second-factor`
}
