import type { Config } from '../../config.ts'
import { createGivableRoles, type GivableRoles } from '../../customers/companies/givable-roles.ts'
import { createInvitations, type Invitations } from '../../customers/companies/invitations.ts'
import { createMembers, type Members } from '../../customers/companies/members.ts'
import { createMemberships, type Memberships } from '../../customers/companies/memberships.ts'
import { createPeople, type People } from '../../customers/companies/people.ts'
import type { Customer } from '../../customers/customer.ts'
import { type AccountDeletions, createAccountDeletions } from '../../customers/records/account-deletions.ts'
import { exportPersonalData } from '../../customers/records/export.ts'
import { type Letter, languagesFor, type PostLetter } from '../../customers/recovery/recovery-letters.ts'
import { createDescribeScopes } from '../../oauth/browser/asked-scopes.ts'
import { type ConnectedApps, createConnectedApps } from '../../oauth/browser/connected-apps.ts'
import { appName } from '../../oauth/browser/ways-out.ts'
import { createLinkConsents, type LinkConsents, type TellOfLink } from '../../oauth/links/link-consents.ts'
import { createNoteWithdrawal } from '../../oauth/links/note-withdrawal.ts'
import { createTakenBack } from '../../oauth/links/taken-back.ts'
import type { Backends } from '../backends.ts'
import { createCollectPersonalData } from '../personal-data.ts'
import type { ClientServices } from './clients.ts'
import type { CustomerServices } from './customers.ts'
import type { MandateServices } from './mandates.ts'
import { createPostLetter } from './recovery.ts'
import type { SupportServices } from './support.ts'
import type { TokenServices } from './tokens.ts'

/** What customers do to their own account on its pages. */
export type AccountServices = {
  readonly apps: ConnectedApps
  /** What customers allow on pages. */
  readonly consents: LinkConsents
  /** Undefined where customers are not ours. */
  readonly deletions: AccountDeletions | undefined
  readonly deletionDelaySeconds: number
  /** Everything that is kept about the customer; noted, and told by mail. Undefined where customers are not ours. */
  readonly exportData: ((customer: Customer, languages: readonly string[]) => Promise<object | undefined>) | undefined
  /** Undefined where companies are not ours. */
  readonly memberships: Memberships | undefined
  readonly members: Members | undefined
  /** What those who look after a company do about its people. Undefined where companies are not ours. */
  readonly people: People | undefined
  /** The roles that a company user may give to others of the company. */
  readonly rolesFor: GivableRoles
  /** Undefined as well where no mail can be sent. */
  readonly invitations: Invitations | undefined
  /** Tells the customer of something that happened to the account. */
  readonly tell: TellCustomer
}

/** A letter to the customer's confirmed address, which leads to a page of the account. */
export type TellCustomer = (
  customer: Customer,
  letter: Pick<Letter, 'kind' | 'path' | 'values' | 'ttlSeconds'>,
  languages?: readonly string[],
) => void

export type AccountServicesDeps = {
  readonly clients: ClientServices
  readonly tokens: TokenServices
  readonly customers: CustomerServices
  readonly support: SupportServices
  readonly mandates: MandateServices
}

const DAY_SECONDS = 86_400

export function createAccountServices(
  config: Config,
  backends: Pick<
    Backends,
    'branding' | 'database' | 'storage' | 'mailer' | 'auditTrail' | 'tokenHistory' | 'clientLinks' | 'onSignInEnded'
  >,
  { clients, tokens, customers, support, mandates }: AccountServicesDeps,
): AccountServices {
  const { branding, database, storage, mailer, auditTrail, tokenHistory, clientLinks } = backends
  const { activeGrants, endSignIn, sessionIndex } = tokens
  const postLetter: PostLetter = mailer.isOffered ? createPostLetter(branding, mailer) : () => {}
  const tell = createTell(postLetter)
  const keepsCustomers = customers.passwordChange !== undefined
  const collect = createCollectPersonalData({
    auditTrail,
    tokenHistory,
    activeGrants,
    supportAccesses: support.accesses,
    mandates: mandates.mandates,
    factors: customers.factors.factors,
    clientLinks,
  })
  const permission = config.COMPANY_INVITATIONS_PERMISSION
  const endCompanyUser = (id: string) => endSignIn({ what: { of: 'company-user', id }, why: 'company-user-inactive' })
  const memberships = keepsCustomers
    ? createMemberships({
        knex: database.knex,
        tellChanged: customers.tellChanged,
        permission,
        endCompanyUser,
      })
    : undefined
  const rolesFor = createGivableRoles(customers.companies)
  const members =
    memberships &&
    createMembers({
      knex: database.knex,
      tellChanged: customers.tellChanged,
      memberships,
      permission,
      endCompanyUser,
    })
  const invitations =
    memberships && mailer.isOffered
      ? createInvitations({
          knex: database.knex,
          storage,
          tellChanged: customers.tellChanged,
          rolesFor,
          permission,
          looksAfter: memberships.looksAfter,
          writeTo: ({ email: to, company, expiresAt }, token) =>
            postLetter(async () => {
              const known = (await customers.directory.findByLogin(to))?.customer
              const ttlSeconds = expiresAt - Math.floor(Date.now() / 1000)
              const link = { path: '/account/companies/invitation', token, ttlSeconds }
              return {
                kind: 'company-invitation',
                to,
                languages: languagesFor(known?.locale),
                values: { company: company.name },
                ...link,
              }
            }),
        })
      : undefined
  const people =
    members &&
    createPeople({
      members,
      invitations,
      note: auditTrail.append,
      async tellMember(customerId, letter) {
        const member = await customers.records.find(customerId)
        if (member) tell(member, letter)
      },
    })
  const tellOfLink = createTellOfLink(customers, tell)
  backends.onSignInEnded(createNoteWithdrawal({ findClient: clients.findClient, audit: auditTrail.append }))
  const deletionDelaySeconds = config.ACCOUNT_DELETION_DAYS * DAY_SECONDS
  return {
    apps: createConnectedApps({
      activeGrants,
      storage,
      findClient: clients.findClient,
      links: clientLinks,
      audit: auditTrail.append,
      tell: tellOfLink,
      noteTaken: createTakenBack({ storage, links: clientLinks }).note,
      describeScopes: createDescribeScopes(clients.resourceServers.find),
      findResourceServer: clients.resourceServers.find,
      endSignIn,
      flush: auditTrail.flush,
    }),
    consents: createLinkConsents({
      links: clientLinks,
      activeAmong: activeGrants.activeAmong,
      findClient: clients.findClient,
      audit: auditTrail.append,
      tell: tellOfLink,
      nameApp: appName,
    }),
    tell,
    memberships,
    members,
    people,
    rolesFor,
    invitations,
    deletionDelaySeconds,
    deletions: keepsCustomers
      ? createAccountDeletions({
          knex: database.knex,
          delaySeconds: deletionDelaySeconds,
          revokeErased: (id) => endSignIn({ what: { of: 'customer', id }, why: 'erased' }),
          tellChanged: customers.tellChanged,
          leftAloneNow: async (transaction, id) => (await memberships?.leftAloneNow(transaction, id)) ?? [],
          endSignIns: (id) => endSignIn({ what: { of: 'customer', id }, why: 'ended-by-customer' }),
          findCustomer: customers.records.find,
          tell(note, customer, { dueAt }) {
            const ttlSeconds = Math.max(0, dueAt - Math.floor(Date.now() / 1000))
            const isLast = note === 'done' // nobody can sign in any more
            const type = isLast ? 'customer.erased' : 'customer.deletion'
            auditTrail.append({ type, customerId: customer.id, reason: isLast ? 'by the customer' : note })
            tell(customer, { kind: `deletion-${note}`, ttlSeconds, ...(!isLast && { path: '/account/data' }) })
          },
        })
      : undefined,
    exportData: keepsCustomers
      ? async (customer, languages) => {
          const { knex } = database
          const data = await exportPersonalData({ knex, collect }, customer.customerReference)
          if (!data) return undefined
          auditTrail.append({ type: 'customer.exported', customerId: customer.id, reason: 'by the customer' })
          tell(customer, { kind: 'data-exported', path: '/account/sessions' }, languages)
          return { ...data, browsers: await sessionIndex.list(customer.id) }
        }
      : undefined,
  }
}

/** Customers whom the shop keeps are looked up where they are. */
function createTellOfLink({ directory }: CustomerServices, tell: TellCustomer): TellOfLink {
  return async (customerId, { kind, app }) => {
    const customer = await directory.findById(customerId)
    if (customer) tell(customer, { kind, path: '/account/apps', values: { app } })
  }
}

function createTell(postLetter: PostLetter): TellCustomer {
  return (customer, letter, languages = []) => {
    const { email, emailVerified, givenName, locale } = customer
    if (!emailVerified) return
    postLetter(async () => ({
      ...letter,
      to: email,
      languages: languagesFor(locale, languages),
      ...(givenName !== undefined && { givenName }),
    }))
  }
}
