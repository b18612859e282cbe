import { Router } from '@koa/router'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { answerPreflights } from './cross-origin.ts'
import { addInvitationRoutes, type InvitationRoutesDeps } from './invitation-routes.ts'
import { addListRoute } from './list-routes.ts'
import { addPeopleRoutes, type PeopleRoutesDeps } from './people-routes.ts'

/** `/company-users` and what is below it. */
export function createCompanyUserRoutes(deps: PeopleRoutesDeps & InvitationRoutesDeps): Routes {
  const router = new Router()
  router.options('/company-users{/*rest}', answerPreflights as never) // Koa's context is not the router's
  addListRoute(router, deps)
  addPeopleRoutes(router, deps)
  addInvitationRoutes(router, deps)
  return routed(router)
}
