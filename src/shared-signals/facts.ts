/** What is looked up of an account when it is told of. */
export type AccountFacts = {
  /** Nothing is left of the account but its number. */
  readonly isErased: boolean
  readonly email?: string | undefined
  /** Claims that tokens of a company user have now, by the id of the company user. */
  readonly companyClaims: (companyUserId: string) => Readonly<Record<string, unknown>>
}

/** Who a company user is. */
export type CompanyUserFacts = { readonly accountId: string; readonly companyId: string }

/** Looks up what endings and changes do not say themselves. */
export type FactSource = {
  /** Undefined where the accounts are not ours. */
  readonly findAccount: (accountId: string) => Promise<AccountFacts | undefined>
  readonly findCompanyUser: (id: string) => Promise<CompanyUserFacts | undefined>
}
