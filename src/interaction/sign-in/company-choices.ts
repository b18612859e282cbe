import { type CompanyUser, type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import { roleText } from '../shown-company.ts'
import type { CompanyChoice, CompanyChoices } from '../views/sign-in.ts'

/** With more than this many companies the page has a search. */
const SEARCH_ABOVE = 7
/** So that the page stays small, however many companies there are. */
const MOST_SHOWN = 20
/** No name is longer, and a longer text is looked for in none. */
const LONGEST_SEARCH = 200

/**
 * The companies that a customer may act for: those they last chose come first, the others by name, as far as they have what
 * is searched for. Small and large letters, and letters with and without accents, are the same.
 */
export function companyChoices(
  { companyUsers }: Pick<Customer, 'companyUsers'>,
  { search = '', lastChosen = [] }: { readonly search?: string; readonly lastChosen?: readonly string[] },
): CompanyChoices {
  const active = companyUsers.filter(isActiveCompanyUser)
  const wanted = search.trim().slice(0, LONGEST_SEARCH)
  const rank = new Map(lastChosen.map((id, index) => [id, index]))
  const found = active
    .map(toChoice)
    .filter((choice) => has(choice, wanted))
    .sort((a, b) => place(a, rank) - place(b, rank) || a.name.localeCompare(b.name))
  return {
    companies: found.slice(0, MOST_SHOWN),
    ...(active.length > SEARCH_ABOVE && { search: wanted }),
    hasMore: found.length > MOST_SHOWN,
  }
}

function toChoice(companyUser: CompanyUser): CompanyChoice {
  const { id, company, idCompanyUser } = companyUser
  return {
    id,
    name: company.name,
    detail: roleText(companyUser),
    ...(idCompanyUser !== undefined && { number: idCompanyUser }),
  }
}

function has({ name, detail, number }: CompanyChoice, wanted: string): boolean {
  return plain(`${name}\n${detail}\n${number ?? ''}`).includes(plain(wanted))
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
}

function place({ id }: CompanyChoice, rank: ReadonlyMap<string, number>): number {
  return rank.get(id) ?? rank.size
}
