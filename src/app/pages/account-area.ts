import type { Config } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import { createActivitySection } from '../../interaction/account/activity-section.ts'
import { createApprovalsSection } from '../../interaction/account/approvals-section.ts'
import { createAppsSection } from '../../interaction/account/apps-section.ts'
import { createAccountArea } from '../../interaction/account/area.ts'
import { createCompaniesSection } from '../../interaction/account/companies-section.ts'
import { createDataSection } from '../../interaction/account/data-section.ts'
import { createDeletionNotice, createDeletionSection } from '../../interaction/account/deletion-section.ts'
import { createEmailSection } from '../../interaction/account/email-section.ts'
import { createInvitationsSection } from '../../interaction/account/invitations-section.ts'
import { createKeptForms } from '../../interaction/account/kept-forms.ts'
import { createMandatesSection, mandatesOfApp } from '../../interaction/account/mandates-section.ts'
import { createMembersSection } from '../../interaction/account/members-section.ts'
import { createOverviewSection } from '../../interaction/account/overview-section.ts'
import { createPasskeyNames, createPasskeysSection } from '../../interaction/account/passkeys-section.ts'
import { createPasswordSection } from '../../interaction/account/password-section.ts'
import { createProfileSection } from '../../interaction/account/profile-section.ts'
import { createProvidersSection } from '../../interaction/account/providers-section.ts'
import { createSecondFactorSection } from '../../interaction/account/second-factor-section.ts'
import type { AccountSection } from '../../interaction/account/section.ts'
import { createSessionsSection } from '../../interaction/account/sessions-section.ts'
import { createSupportSection } from '../../interaction/account/support-section.ts'
import { createAnswerPage } from '../../interaction/answer-page.ts'
import { createDeviceCookie } from '../../interaction/device-cookie.ts'
import { createUpstreamRequests } from '../../interaction/upstreams/upstream-requests.ts'
import { createDescribeScopes } from '../../oauth/browser/asked-scopes.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { SecondFactorPolicy } from '../../oauth/browser/step-up.ts'
import { createDecide } from '../../oauth/ciba/decide.ts'
import { createOwesFactor } from '../services/second-factor-policy.ts'
import type { AppParts } from '../shared.ts'

/** The account pages, over everything that customers may do to their own account here. */
export function createAccount(config: Config, parts: AppParts, sessions: OwnSessions): Routes {
  const { backends, services } = parts
  const { storage, cookieKeys: csrfKeys, passwordPolicy } = backends
  const { pages, customers } = services
  const owesFactor = createOwesFactor(config, customers.factors.factors)
  return createAccountArea({
    pages,
    issuer: config.ISSUER,
    csrfKeys,
    sessions,
    keptForms: createKeptForms({ storage }),
    device: createDeviceCookie({ keys: csrfKeys, issuer: config.ISSUER }),
    minLength: passwordPolicy.minLength,
    sections: accountSections(parts, { sessions, owesFactor }),
  })
}

/** In the order in which they are shown on their pages. */
function accountSections(
  { backends, services, engine }: AppParts,
  { sessions, owesFactor }: { readonly sessions: OwnSessions; readonly owesFactor: SecondFactorPolicy['owes'] },
): AccountSection[] {
  const { customers, tokens, account, support, pages } = services
  const { passwordChange, proofs, recovery, selfService, passkeys } = customers
  const { factors } = customers.factors
  const { endSignIn } = tokens
  const { deletions, exportData, memberships, invitations, tell } = account
  const answerPage = createAnswerPage(pages)
  const setAllowed = async (customerId: string, allowsSupport: boolean) =>
    (await selfService.changeProfile(customerId, { allowsSupport })).outcome === 'changed'
  return [
    ...(deletions ? [createDeletionNotice({ deletions }, 'overview')] : []),
    createOverviewSection(),
    ...(passwordChange
      ? [createProfileSection({ changeProfile: selfService.changeProfile, languages: pages.languages })]
      : []),
    ...(recovery ? [createEmailSection({ proofs, ...recovery })] : []),
    ...(passwordChange
      ? [createPasswordSection({ passwordChange, proofs, sessions, forgetDevices: factors.forgetDevices })]
      : []),
    ...(passkeys
      ? [
          createPasskeysSection({ passkeys: passkeys.ofCustomers }),
          createPasskeyNames({ passkeys: passkeys.ofCustomers }),
        ]
      : []),
    ...(factors.isOffered ? [createSecondFactorSection({ factors, sessions, endSignIn, answerPage })] : []),
    createProvidersSection({
      ...services.upstreams,
      requests: createUpstreamRequests(backends),
      linkedAccounts: customers.linkedAccounts,
      connectAddress: (id) => `${pages.publicPath}/upstreams/${id}/connect`,
    }),
    createSessionsSection({ index: tokens.sessionIndex, endSignIn, sessions }),
    createApprovalsSection({
      approvals: services.ciba.approvals,
      decide: createDecide({
        provider: engine.current,
        approvals: services.ciba.approvals,
        findClient: services.clients.findClient,
        findResourceServer: services.clients.resourceServers.find,
        owesFactor,
        audit: backends.auditTrail.append,
        noteLink: account.consents.noteGrant,
        noteDecision: (outcome) => backends.metrics.backchannelDecisions.inc({ outcome }),
      }),
      findClient: services.clients.findClient,
      describeScopes: createDescribeScopes(services.clients.resourceServers.find),
    }),
    createAppsSection({ apps: account.apps, endSignIn, sessions, parts: [mandatesOfApp(services.mandates)] }),
    createMandatesSection({
      ...services.mandates,
      usage: services.mandates.spending.usage,
      findClientName: async (id) => (await services.clients.findClient(id))?.client_name ?? id,
    }),
    createSupportSection({
      accesses: support.accesses,
      activeAmong: tokens.activeGrants.activeAmong,
      setAllowed,
    }),
    ...(memberships ? [createCompaniesSection({ memberships, sessions, note: backends.auditTrail.append, tell })] : []),
    ...(memberships && account.members && account.people
      ? [
          createMembersSection({
            members: account.members,
            people: account.people,
            looksAfter: memberships.looksAfter,
            rolesFor: account.rolesFor,
          }),
        ]
      : []),
    ...(memberships && invitations && account.people
      ? [
          createInvitationsSection({
            invitations,
            people: account.people,
            looksAfter: memberships.looksAfter,
            note: backends.auditTrail.append,
          }),
        ]
      : []),
    createActivitySection({ trail: backends.auditTrail }),
    ...(exportData ? [createDataSection({ exportData })] : []),
    ...(deletions
      ? [
          createDeletionSection({
            deletions,
            companiesLeftAlone: async (customer) => (await memberships?.leftAlone(customer)) ?? [],
            delaySeconds: account.deletionDelaySeconds,
            sessions,
          }),
        ]
      : []),
  ]
}
