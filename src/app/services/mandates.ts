import { LONGEST_TOKEN_SECONDS } from '../../clients/client-schema.ts'
import type { Config } from '../../config.ts'
import { languagesFor } from '../../customers/recovery/recovery-letters.ts'
import type { Mandate } from '../../mandates/mandate.ts'
import { createMandates, type Mandates } from '../../mandates/mandates.ts'
import { createMandateNotices, type WriteToCustomer } from '../../mandates/notices.ts'
import { createSpending, type Spending } from '../../mandates/spending.ts'
import { createMandateConsents, type MandateConsents } from '../../oauth/mandates/consent.ts'
import { createDetailsNow } from '../../oauth/mandates/details-now.ts'
import { createHolds } from '../../oauth/mandates/holds.ts'
import { matchesAny } from '../../oauth/tokens/introspection.ts'
import { createFindGrant } from '../../oauth/tokens/token-status.ts'
import type { Backends } from '../backends.ts'
import type { ClientServices } from './clients.ts'
import type { CustomerServices } from './customers.ts'
import type { TokenServices } from './tokens.ts'

/** Purchase mandates: what customers allowed, and what shops spend of it. */
export type MandateServices = {
  readonly mandates: Mandates
  readonly spending: Spending
  readonly consents: MandateConsents
  readonly detailsNow: ReturnType<typeof createDetailsNow>
  readonly answerHold: ReturnType<typeof createHolds>
  /** Whether the sign-in that a mandate hangs from works still. */
  readonly isSignInLive: (mandate: Mandate) => Promise<boolean>
  readonly timeZone: string
  readonly maxDays: number
}

type Parts = {
  readonly clients: ClientServices
  readonly tokens: TokenServices
  readonly customers: CustomerServices
}

const DAY_SECONDS = 86_400
const now = () => Math.floor(Date.now() / 1000)

export function createMandateServices(
  config: Config,
  backends: Pick<Backends, 'branding' | 'database' | 'storage' | 'mailer' | 'auditTrail'>,
  parts: Parts,
): MandateServices {
  const { database, storage, auditTrail } = backends
  const { clients } = parts
  const { knex } = database
  const timeZone = config.MANDATE_TIME_ZONE
  const spending = createSpending({ knex, timeZone, now })
  const writeTo = createWriteTo(backends, parts)
  const mandates = createMandates({
    knex,
    storage,
    keptSeconds: config.MANDATE_HISTORY_DAYS * DAY_SECONDS,
    longestTokenSeconds: LONGEST_TOKEN_SECONDS,
    now,
    note: auditTrail.append,
    onWithdrawn: (mandate) => writeTo(mandate, 'mandate-withdrawn'),
  })
  const { isFirstToTell } = mandates
  const notices = createMandateNotices({ usage: spending.usage, isFirstToTell, writeTo, timeZone, now })
  const isSignInLive = createIsSignInLive(backends, parts)
  return {
    mandates,
    spending,
    timeZone,
    maxDays: config.MANDATE_MAX_DAYS,
    consents: createMandateConsents({ mandates, findClient: clients.findClient }),
    detailsNow: createDetailsNow({ findMandates: mandates.findMany, usage: spending.usage }),
    isSignInLive,
    answerHold: createHolds({
      mandates,
      spending,
      isSignInLive,
      findClient: clients.findClient,
      covers: ({ introspects = [] }, resource) => matchesAny(introspects, [resource]),
      onCaptured: notices.captured,
    }),
  }
}

/** Whether grant, client and customer are there still: whatever ends a sign-in ends its mandates. */
function createIsSignInLive({ storage }: Pick<Backends, 'storage'>, { tokens, clients, customers }: Parts) {
  const findGrant = createFindGrant({ storage, cutOffs: tokens.cutOffs })
  return async ({ grantId, clientId, customerId, companyUserId }: Mandate): Promise<boolean> => {
    const owner = { clientId, accountId: customerId, ...(companyUserId !== undefined && { companyUserId }) }
    const [grant, state, customer] = await Promise.all([
      findGrant(grantId, owner),
      clients.registry.stateOf(clientId),
      customers.findRecent(customerId),
    ])
    return grant !== undefined && state === 'enabled' && customer?.status === 'active'
  }
}

/** Writes to the customer of a mandate, in the background. The client's own words stay out of it but for its name. */
function createWriteTo(
  { branding, mailer }: Pick<Backends, 'branding' | 'mailer'>,
  { clients, customers }: Parts,
): WriteToCustomer {
  if (!mailer.isOffered) return () => {}
  return ({ customerId, clientId }, kind, isDue = async () => true) =>
    mailer.post(async () => {
      if (!(await isDue())) return undefined
      const [customer, client] = await Promise.all([customers.findRecent(customerId), clients.findClient(clientId)])
      if (!customer?.emailVerified) return undefined
      return branding.writeLetter({
        kind,
        to: customer.email,
        languages: languagesFor(customer.locale),
        ...(customer.givenName !== undefined && { givenName: customer.givenName }),
        path: '/account/apps',
        values: { client: client?.client_name ?? clientId },
      })
    })
}
