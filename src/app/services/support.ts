import type { Config } from '../../config.ts'
import type { Customer } from '../../customers/customer.ts'
import { languagesFor } from '../../customers/recovery/recovery-letters.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { SupportAccess, SupportRules } from '../../support-access/support-access.ts'
import { createSupportAccesses, type SupportAccesses } from '../../support-access/support-accesses.ts'
import type { Backends } from '../backends.ts'

/** Agents who act for customers: who, to whom, until when, and how customers learn of it. */
export type SupportServices = {
  readonly accesses: SupportAccesses
  readonly notice: (customer: Customer, access: SupportAccess) => void
}

const DAY_SECONDS = 86_400

export function createSupportServices(
  config: Config,
  { branding, database, auditTrail, mailer }: Pick<Backends, 'branding' | 'database' | 'auditTrail' | 'mailer'>,
  { endSignIn }: { readonly endSignIn: EndSignIn },
): SupportServices {
  return {
    accesses: createSupportAccesses({
      knex: database.knex,
      rules: supportRules(config),
      keptSeconds: config.AUDIT_RETENTION_DAYS * DAY_SECONDS,
      note: auditTrail.append,
      endGrantOf: ({ grantId, customerId: accountId, clientId }, by) =>
        endSignIn({ what: { of: 'grant', grantId, accountId, clientId }, why: 'support-access-ended', by }),
    }),
    notice: createNotice(config, { branding, mailer }),
  }
}

/** The settings of support access, as its rules. */
export function supportRules(config: Config): SupportRules {
  return {
    isReasonRequired: config.SUPPORT_ACCESS_REASON === 'required',
    isPermissionNeeded: config.SUPPORT_ACCESS_PERMISSION === 'needed',
    needsSecondPerson: config.SUPPORT_ACCESS_APPROVAL === 'second-person',
    accessSeconds: config.SUPPORT_ACCESS_SECONDS,
    allowedScopes: config.SUPPORT_ACCESS_SCOPES,
    sensitiveScopes: config.SUPPORT_ACCESS_SENSITIVE_SCOPES,
  }
}

/** A letter in the customer's own language. The agent's words stay out of it: the shop sends it, and not the agent. */
function createNotice(
  config: Config,
  { branding, mailer }: Pick<Backends, 'branding' | 'mailer'>,
): SupportServices['notice'] {
  if (config.SUPPORT_ACCESS_NOTICE === 'none' || !mailer.isOffered) return () => {}
  return ({ email, emailVerified, givenName, locale }, { begunAt = 0, endsAt = begunAt }) => {
    if (!emailVerified) return
    mailer.post(async () =>
      branding.writeLetter({
        kind: 'support-access',
        to: email,
        languages: languagesFor(locale),
        ...(givenName !== undefined && { givenName }),
        ttlSeconds: endsAt - begunAt,
      }),
    )
  }
}
