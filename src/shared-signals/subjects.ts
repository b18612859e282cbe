import { normalizeEmail } from '../credentials/email.ts'
import type { Signal } from './signal.ts'
import {
  addressIn,
  identifiersIn,
  type PersonIdentifier,
  readPersonIdentifier,
  type SubjectIdentifier,
} from './subject-identifier.ts'

/** Whom a signal is about. */
export type SubjectFacts = {
  readonly accountId: string
  readonly email?: string | undefined
  /** The company that the person acts for. */
  readonly companyId?: string | undefined
  /** One sign-in: `sid` of ID tokens, or `gid` of access tokens where there is no browser. */
  readonly sessionId?: string | undefined
}

type About = Pick<Signal, 'subject' | 'subjectKeys' | 'accountId'>

/** The subject of a signal: a person, within a company or one sign-in where that is what it is about (SSF 1.0 §3). */
export function aboutPerson(issuer: string, facts: SubjectFacts): About {
  const { accountId, companyId, sessionId } = facts
  const user = { format: 'iss_sub', iss: issuer, sub: accountId } as const
  const subject: SubjectIdentifier =
    companyId === undefined && sessionId === undefined
      ? user
      : {
          format: 'complex',
          user,
          ...(companyId !== undefined && { tenant: { format: 'opaque', id: companyId } as const }),
          ...(sessionId !== undefined && { session: { format: 'opaque', id: sessionId } as const }),
        }
  return { subject, accountId, subjectKeys: keysOf(facts) }
}

/** Every name under which the subject may have been excluded. */
function keysOf({ accountId, email, companyId }: SubjectFacts): readonly string[] {
  const people = [accountKey(accountId), ...(email === undefined ? [] : [emailKey(email)])]
  if (companyId === undefined) return people
  const tenant = tenantKey(companyId)
  return [...people, tenant, ...people.map((person) => `${person}\n${tenant}`)]
}

const accountKey = (id: string) => `account\n${id}`
const emailKey = (email: string) => `email\n${normalizeEmail(email)}`
const tenantKey = (id: string) => `tenant\n${id}`

/** Resolves a person of a sign-in provider to the account that they have here. */
export type FindLinked = (issuer: string, subject: string) => Promise<readonly string[]>

/**
 * The names by which a receiver says whom it does not want to hear of (SSF 1.0 §8.1.3). A subject of a form that no signal of ours has, a
 * telephone number for example, has none.
 */
export async function namesOf(
  identifier: SubjectIdentifier,
  { issuer, findLinked }: { readonly issuer: string; readonly findLinked: FindLinked },
): Promise<readonly string[]> {
  const person = async (given: PersonIdentifier): Promise<readonly string[]> =>
    (
      await Promise.all(
        identifiersIn(given).map(async (each) => {
          const address = addressIn(each)
          if (address !== undefined) return [emailKey(address)]
          if (each.format === 'opaque') return [accountKey(each.id)]
          if (each.format !== 'iss_sub') return []
          return each.iss === issuer ? [accountKey(each.sub)] : (await findLinked(each.iss, each.sub)).map(accountKey)
        }),
      )
    ).flat()

  if (identifier.format !== 'complex') {
    const given = readPersonIdentifier(identifier)
    return given ? person(given) : []
  }
  const { user, tenant, ...others } = identifier
  // Narrower than any name that is kept: one sign-in, a device.
  if (['device', 'session', 'application', 'org_unit', 'group'].some((name) => name in others)) return []
  const tenants = tenant?.format === 'opaque' ? [tenantKey(tenant.id)] : []
  if (tenant && tenants.length === 0) return []
  const givenUser = readPersonIdentifier(user)
  if (!givenUser) return user ? [] : tenants
  const people = await person(givenUser)
  return tenants.length === 0 ? people : people.flatMap((each) => tenants.map((other) => `${each}\n${other}`))
}
