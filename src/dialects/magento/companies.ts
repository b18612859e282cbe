import { type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import type { DialectRequest } from '../dialect.ts'

export const NOT_OF_COMPANY = 'The current customer is not a user of this company.'

const HEADER = 'x-adobe-company'

/** A company as the shop's B2B schema has it; the id as its clients send it in the header. */
export type CompanyView = {
  readonly id: string
  readonly legal_name: string
  readonly name: string
  readonly status: 'APPROVED' | 'BLOCKED'
}

/** The companies that a customer may act for, the default one first. */
export function companiesOf({ companyUsers }: Pick<Customer, 'companyUsers'>): CompanyView[] {
  const active = companyUsers.filter(isActiveCompanyUser)
  const inOrder = active.toSorted((one, other) => Number(other.isDefault) - Number(one.isDefault))
  const byId = new Map(inOrder.map(({ company }) => [company.id, company]))
  return [...byId.values()].map(({ id, name }) => ({ id: uidOf(id), legal_name: name, name, status: 'APPROVED' }))
}

/**
 * Whether a customer may act for the company that the request names in `X-Adobe-Company`: storefronts send it with each request,
 * and it is no part of a token.
 */
export function mayActForCompany({ headers }: Pick<DialectRequest, 'headers'>, customer: Customer): boolean {
  const named = headers[HEADER]
  if (named === undefined || named === '') return true
  return companiesOf(customer).some(({ id }) => id === named)
}

/** As the shop writes ids: base64. */
function uidOf(id: string): string {
  return Buffer.from(id).toString('base64')
}
