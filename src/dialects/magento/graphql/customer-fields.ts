import type { Customer } from '../../../customers/customer.ts'
import type { Account } from '../../own-account.ts'
import { GUEST } from '../account-messages.ts'
import { findCustomer } from '../callers.ts'
import { companiesOf, mayActForCompany, NOT_OF_COMPANY } from '../companies.ts'
import type { Asked } from './asked.ts'
import { refusal } from './execute.ts'

type PageInput = { readonly input?: { readonly currentPage?: number | null; readonly pageSize?: number | null } | null }

/** What a storefront asks about the shop and its customer. */
export function customerFields({ request, services, shop }: Asked) {
  return {
    storeConfig: () => ({
      customer_access_token_lifetime: shop.tokenHours,
      store_code: String(request.headers.store ?? 'default'),
      create_account_confirmation: shop.needsConfirmation,
      minimum_password_length: String(shop.minPasswordLength),
      required_character_classes_number: '1',
    }),
    async customer() {
      const shown = await findCustomer(request, services)
      if (!shown) throw refusal(GUEST, 'graphql-authorization')
      if (!mayActForCompany(request, shown.customer)) throw refusal(NOT_OF_COMPANY, 'graphql-authorization')
      return customerObject(shown.customer)
    },
  }
}

/** A customer with the fields of the shop's type. `isConfirmed`: null while nobody has confirmed the address. */
export function customerObject(
  account: Account & Partial<Pick<Customer, 'companyUsers' | 'emailVerified'>>,
  { isConfirmed = account.emailVerified ?? null }: { readonly isConfirmed?: boolean | null } = {},
) {
  const { idCustomer, email, givenName = '', familyName = '', allowsSupport = false, companyUsers = [] } = account
  return {
    id: idCustomer,
    email,
    firstname: givenName,
    lastname: familyName,
    allow_remote_shopping_assistance: allowsSupport,
    confirmation_status: isConfirmed === null ? null : CONFIRMED[isConfirmed ? 'yes' : 'notNeeded'],
    companies: ({ input }: PageInput) => companyPage(companiesOf({ companyUsers }), input),
  }
}

const CONFIRMED = { yes: 'ACCOUNT_CONFIRMED', notNeeded: 'ACCOUNT_CONFIRMATION_NOT_REQUIRED' } as const
const PAGE_SIZE = 20

function companyPage(companies: ReturnType<typeof companiesOf>, given: PageInput['input']) {
  const currentPage = given?.currentPage ?? 1
  const pageSize = given?.pageSize ?? PAGE_SIZE
  if (currentPage < 1) throw refusal('currentPage value must be greater than 0.', 'graphql-input')
  if (pageSize < 1) throw refusal('pageSize value must be greater than 0.', 'graphql-input')
  const from = (currentPage - 1) * pageSize
  return {
    items: companies.slice(from, from + pageSize),
    page_info: {
      current_page: currentPage,
      page_size: pageSize,
      total_pages: Math.ceil(companies.length / pageSize),
    },
  }
}
