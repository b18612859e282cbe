import { type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import { chosenCompanyUser } from './grant-facts.ts'

/** As whom a person wants to act: a company user of theirs, or `PRIVATE_PERSON`; undefined where that cannot be said. */
export type CompanyChoice = { readonly companyUserId: string | undefined }

/** What this needs of a request of the library. */
type Asking = {
  readonly oidc: {
    readonly route?: string
    readonly params?: unknown
    readonly session?: object | undefined
  }
}

/** Where a person is asked on pages, and where `company_user_id` is a parameter of an authorization request. */
const ROUTES = ['authorization', 'resume', 'pushed_authorization_request']

/** The company user that an authorization request names; anything else that was sent as one is an empty text. */
export function askedCompanyUser({ oidc }: Asking): string | undefined {
  if (!ROUTES.includes(oidc.route ?? '')) return undefined
  const { company_user_id: asked } = (oidc.params ?? {}) as Record<string, unknown> // untyped input
  if (asked === undefined) return undefined
  return typeof asked === 'string' ? asked : ''
}

/** What the person chose on a page of ours in this session; undefined where nobody was asked. */
export function choiceInSession(session: object | undefined): CompanyChoice | undefined {
  // Ours, as `keepSignInInstant` has it stored.
  const { hasChosenCompany } = (session ?? {}) as { hasChosenCompany?: boolean }
  return hasChosenCompany === true ? { companyUserId: chosenCompanyUser(session) } : undefined
}

/** The request's own word before what was chosen in the session; undefined where neither says anything. */
export function companyChoice(ctx: Asking): CompanyChoice | undefined {
  const asked = askedCompanyUser(ctx)
  return asked === undefined ? choiceInSession(ctx.oidc.session) : { companyUserId: asked }
}

/** Whether a person has to say which company they act for: they have several, and none is the default. */
export function isCompanyOpen({ companyUsers }: Pick<Customer, 'companyUsers'>): boolean {
  const active = companyUsers.filter(isActiveCompanyUser)
  return active.length > 1 && !active.some(({ isDefault }) => isDefault)
}
