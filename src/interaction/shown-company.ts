import { type CompanyUser, type Customer, selectCompanyUser } from '../customers/customer.ts'
import type { Interaction } from '../oauth/browser/interactions.ts'

type OfCompanies = Pick<Customer, 'companyUsers'>

/** As which company user a person is about to act: the one that was chosen, else the one that goes without saying. */
export function shownCompanyUser(customer: OfCompanies, { companyUserId }: Interaction): CompanyUser | undefined {
  if (companyUserId === undefined) return selectCompanyUser(customer)
  return customer.companyUsers.find(({ id }) => id === companyUserId)
}

/** What tells two company users of one company apart: the unit and the roles. */
export function roleText({ businessUnit, roles }: Pick<CompanyUser, 'businessUnit' | 'roles'>): string {
  return [businessUnit?.name, ...roles.map(({ name }) => name)].filter(Boolean).join(', ')
}

/**
 * The name under which the forms of an interaction are genuine. A form for consent is one of the company and of the app that its page
 * showed: what is chosen elsewhere meanwhile, or another document, was not consented to.
 */
export function formName(interaction: Interaction, customer?: OfCompanies): string {
  const { uid, prompt, client } = interaction
  if (prompt !== 'consent') return uid
  const shown = customer && shownCompanyUser(customer, interaction)
  return [uid, shown?.id, client.documentDigest].filter((part) => part !== undefined).join(' ')
}
