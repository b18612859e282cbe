import { isEmailAddress } from '../../credentials/email.ts'
import type { EmailTrust, ForeignIdentity } from '../../credentials/foreign-identity.ts'
import { isIndexable } from '../../database/storable.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { isPersonName, typedText } from '../person-name.ts'
import type { RegistrationRows } from '../recovery/registration-rows.ts'
import type { LinkRows } from './link-rows.ts'

/** A person as a trusted issuer names them. */
export type IssuerSubject = { readonly issuer: string; readonly subject: string }

/** What an issuer says of a person who has no account here. */
export type NewSubject = IssuerSubject & {
  /** The id of the issuer's record. */
  readonly issuerId: string
  readonly email: string
  readonly emailTrust: EmailTrust
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
  readonly locale?: string | undefined
}

export type FoundSubject =
  /** With when the person was connected, in epoch milliseconds. */
  | { readonly outcome: 'found'; readonly customer: Customer; readonly linkedAtMs: number }
  | { readonly outcome: 'unknown' }
  /** The account is blocked or gone, or the person has several. */
  | { readonly outcome: 'refused'; readonly customerId?: string }

export type MadeSubject =
  | { readonly outcome: 'made' | 'found'; readonly customer: Customer }
  /** The address has an account, is none, or customers are made elsewhere. */
  | { readonly outcome: 'email-taken' | 'email-missing' | 'closed' | 'refused' }

export type IssuerSubjectsDeps = {
  readonly links: Pick<LinkRows, 'customersOf' | 'add'>
  readonly directory: Pick<Directory, 'findById' | 'findByLogin'>
  /** Absent where customers are made elsewhere. */
  readonly rows?: Pick<RegistrationRows, 'add'> | undefined
}

export type IssuerSubjects = ReturnType<typeof createIssuerSubjects>

/** What stands for an issuer where links name a provider; no provider has such an id. */
export function linkNameOf(issuerId: string): string {
  return `issuer:${issuerId}`
}

/** The id of the issuer's record that a link names; undefined where it names a provider. */
export function issuerOfLink(upstreamId: string): string | undefined {
  return upstreamId.startsWith('issuer:') ? upstreamId.slice('issuer:'.length) : undefined
}

/**
 * The people of trusted issuers. Issuer and subject name a person for good, as they do at sign-in providers: who has connected
 * an account at a provider is known to an issuer of the same name. An e-mail address leads to no account.
 */
export function createIssuerSubjects({ links, directory, rows }: IssuerSubjectsDeps) {
  async function find({ issuer, subject }: IssuerSubject): Promise<FoundSubject> {
    if (!isIndexable(issuer) || !isIndexable(subject)) return { outcome: 'unknown' }
    const [connected, another] = await links.customersOf({ issuer, subject })
    if (!connected) return { outcome: 'unknown' }
    if (another) return { outcome: 'refused' }
    const { customerId, linkedAtMs } = connected
    const customer = await directory.findById(customerId)
    return customer?.status === 'active'
      ? { outcome: 'found', customer, linkedAtMs }
      : { outcome: 'refused', customerId }
  }

  return {
    find,

    /** Makes an account without a password. Of two requests at once the second finds what the first made. */
    async make(person: NewSubject): Promise<MadeSubject> {
      if (!rows) return { outcome: 'closed' }
      const email = typedText(person.email)
      if (!isEmailAddress(email)) return { outcome: 'email-missing' }
      if (await directory.findByLogin(email)) return { outcome: 'email-taken' }
      const id = await rows.add({
        email,
        ...nameOf('givenName', person.givenName),
        ...nameOf('familyName', person.familyName),
        ...(person.locale !== undefined && { locale: person.locale }),
        isUnconfirmed: person.emailTrust === 'none',
      })
      if (id !== undefined) await links.add(id, identityOf(person, email))
      const found = await find(person)
      if (found.outcome !== 'found') return { outcome: id === undefined ? 'email-taken' : 'refused' }
      return { outcome: found.customer.id === id ? 'made' : 'found', customer: found.customer }
    },

    /** Connects a person with the account of a customer whose mailbox the issuer runs. */
    connect: (customerId: string, person: NewSubject): Promise<boolean> =>
      links.add(customerId, identityOf(person, person.email)),
  }
}

function identityOf({ issuerId, issuer, subject, emailTrust }: NewSubject, email: string): ForeignIdentity {
  return { upstreamId: linkNameOf(issuerId), issuer, subject, email: { address: email, trust: emailTrust } }
}

/** Names come from elsewhere: one that could not be typed here is left out. */
function nameOf<Name extends string>(member: Name, given: string | undefined): { [Key in Name]?: string } {
  const name = given === undefined ? '' : typedText(given)
  return (name !== '' && isPersonName(name) ? { [member]: name } : {}) as { [Key in Name]?: string } // a computed name
}
