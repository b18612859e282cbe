import { adminTokenRoutes } from '../admin/admin-token-routes.ts'
import { administratorRoutes } from '../admin/administrator-routes.ts'
import { agentRoutes } from '../admin/agent-routes.ts'
import { auditRoutes } from '../admin/audit-routes.ts'
import { clientRoutes } from '../admin/client-routes.ts'
import { clientSecretRoutes } from '../admin/client-secret-routes.ts'
import { customerMoveRoutes } from '../admin/customer-move-routes.ts'
import { keyRoutes } from '../admin/key-routes.ts'
import { openApiRoute } from '../admin/openapi.ts'
import type { Route } from '../admin/route.ts'
import { secondFactorRoutes } from '../admin/second-factor-routes.ts'
import { secretRoutes } from '../admin/secret-routes.ts'
import { selfRoutes } from '../admin/self-routes.ts'
import { signOutRoutes } from '../admin/sign-out-routes.ts'
import { tokenRoutes } from '../admin/token-routes.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { createCustomerDesk } from '../customers/customer-desk.ts'
import { agentAccountId } from '../oauth/agent-account.ts'
import { validateClient } from '../oauth/client-metadata.ts'
import type { LiveProvider } from '../oauth/live-provider.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'

/** Everything the admin API can be asked for. */
export function createAdminRoutes(backends: Backends, services: Services, engine: LiveProvider): Route[] {
  const { notBefore } = services
  const signOutCustomer = (id: string) => notBefore.set({ of: 'customer', id }, Date.now())
  const signOutAgent = (id: string) => signOutCustomer(agentAccountId(id))
  const desk = createCustomerDesk({
    ...backends,
    knex: backends.database.knex,
    signOut: signOutCustomer,
    collect: async (id) => ({ audit: await auditOf(backends.auditTrail, id) }),
  })
  const routes = [
    selfRoutes(services),
    administratorRoutes(services),
    adminTokenRoutes(services),
    keyRoutes(backends),
    secretRoutes({ ...backends, clients: services.clients }),
    clientRoutes({
      ...services,
      validate: (metadata) => validateClient(engine.current(), metadata),
      signOutClient: (id) => notBefore.set({ of: 'client', id }, Date.now()),
    }),
    clientSecretRoutes(services),
    customerMoveRoutes({ desk }),
    signOutRoutes({ notBefore }),
    auditRoutes(backends),
    agentRoutes({ ...services, signOutAgent }),
    secondFactorRoutes({ ...services, signOutAgent }),
    tokenRoutes(services),
  ].flat()
  return [...routes, openApiRoute(routes)]
}

/** What the audit trail says about one customer, newest first. */
async function auditOf(auditTrail: AuditTrail, customerId: string): Promise<object[]> {
  const entries: object[] = []
  let before: number | undefined
  await auditTrail.flush()
  for (;;) {
    const page = await auditTrail.find({ customerId, limit: 1000, ...(before !== undefined && { before }) })
    entries.push(...page)
    before = page.at(-1)?.seq
    if (before === undefined) return entries
  }
}
