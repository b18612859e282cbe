import type { Router } from '@koa/router'
import { companyUsersOf } from '../../oauth/accounts/claims.ts'
import { refuseScope } from './answers.ts'
import { type BearerDeps, findAsker } from './bearer.ts'

export type ListDeps = BearerDeps & {
  /** Whether an audience is a dialect's: its tokens have the dialect's own scopes. */
  readonly isOfDialect: (audience: string | undefined) => boolean
}

/** `GET /company-users`: the list that userinfo has as `company_users`, for tokens with the scope `company`. */
export function addListRoute(router: Router, deps: ListDeps): void {
  router.get('/company-users', async (ctx) => {
    const asker = await findAsker(deps, ctx)
    if (!asker) return
    const { caller, customer } = asker
    if (!hasCompanyScope(deps, caller)) return refuseScope(ctx, 'the scope company is needed', 'company')
    ctx.body = { company_users: companyUsersOf(customer) }
  })
}

/** Whether a token may be told about the companies of its customer. */
export function hasCompanyScope(
  { isOfDialect }: Pick<ListDeps, 'isOfDialect'>,
  { scopes, audience }: { readonly scopes: readonly string[]; readonly audience?: string },
): boolean {
  return scopes.includes('company') || isOfDialect(audience)
}
