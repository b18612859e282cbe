import type Koa from 'koa'
import { agentRoutes } from '../admin/agent-routes.ts'
import { createAdminApp } from '../admin/app.ts'
import { auditRoutes } from '../admin/audit-routes.ts'
import { clientRoutes } from '../admin/client-routes.ts'
import { customerRoutes } from '../admin/customer-routes.ts'
import { dialectRoutes } from '../admin/dialect-routes.ts'
import { keyRoutes } from '../admin/key-routes.ts'
import { registrationKeyRoutes } from '../admin/registration-key-routes.ts'
import { secretRoutes } from '../admin/secret-routes.ts'
import { signInLinkRoutes } from '../admin/sign-in-link-routes.ts'
import { signOutRoutes } from '../admin/sign-out-routes.ts'
import { tokenRoutes } from '../admin/token-routes.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { MountedDialect } from '../compat/doors.ts'
import type { Config } from '../config.ts'
import { createCustomerDesk } from '../customers/customer-desk.ts'
import { agentAccountId } from '../oauth/agent-account.ts'
import { validateClient } from '../oauth/client-metadata.ts'
import type { LiveProvider } from '../oauth/live-provider.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'
import type { Shared } from './shared.ts'

/** What listens to operators. */
export function createAdmin(
  { ISSUER: issuer }: Pick<Config, 'ISSUER'>,
  backends: Backends,
  services: Services,
  engine: LiveProvider,
  shared: Shared,
): Koa {
  const { knex } = backends.database
  const { audit, metrics, notBefore } = services
  const { findByReference: findCustomerByReference } = services.directory
  const signOut = (id: string) => notBefore.set({ of: 'customer', id }, Date.now())
  return createAdminApp({
    ...shared,
    metrics,
    audit,
    adminTokens: backends.adminTokens,
    routers: [
      keyRoutes({ ...backends, reseal: services.secondFactors.reseal }),
      secretRoutes({ ...backends, clients: services.clients }),
      clientRoutes({ ...services, validate: (metadata) => validateClient(engine.current(), metadata) }),
      customerRoutes({
        desk: createCustomerDesk({
          ...backends,
          knex,
          signOut,
          collect: async (id) => ({ audit: await auditOf(backends.auditTrail, id) }),
        }),
        onError: shared.onError,
      }),
      signOutRoutes({ notBefore }),
      auditRoutes(backends),
      agentRoutes({
        ...services,
        signOutAgent: (id) => notBefore.set({ of: 'customer', id: agentAccountId(id) }, Date.now()),
      }),
      tokenRoutes(services),
      dialectRoutes(backends),
      registrationKeyRoutes({ ...services, findCustomerByReference }),
      signInLinkRoutes({
        ...services,
        findCustomerByReference,
        addressOf: (token) => hostedAddress(services.dialects, issuer, token),
      }),
    ],
  })
}

/** Where a link signs its customer in: at the door of a dialect that begins sessions of the hosted pages. */
function hostedAddress(dialects: readonly MountedDialect[], issuer: string, token: string): string | undefined {
  for (const { dialect, basePath } of dialects) {
    const door = dialect.routes.find((route) => 'isHosted' in route && route.isHosted)
    if (door) return `${issuer}${basePath}${door.path.replace(':token', token)}`
  }
  return undefined
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
