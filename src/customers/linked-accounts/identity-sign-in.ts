import { normalizeEmail } from '../../credentials/email.ts'
import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { isPersonName, typedText } from '../person-name.ts'
import type { Proof, Proofs } from '../proof.ts'
import type { Registrant, Registration } from '../recovery/registration.ts'
import type { RegistrationRows } from '../recovery/registration-rows.ts'
import type { LinkRows } from './link-rows.ts'

/** What a sign-in at a provider means here. */
export type IdentitySignIn =
  | { readonly outcome: 'signed-in'; readonly customer: Customer; readonly proof: Proof; readonly isNew?: true }
  /** The account is theirs, and its address is not confirmed. */
  | { readonly outcome: 'unconfirmed'; readonly customer: Customer }
  | { readonly outcome: 'refused'; readonly customerId: string }
  /** Their address has an account that they have not proved to be theirs. */
  | { readonly outcome: 'account-exists'; readonly email: string }
  /** A letter went out to their address; what it says depends on whether that has an account. */
  | { readonly outcome: 'letter-sent' }
  /** There is no account of theirs, and none can be made. */
  | { readonly outcome: 'unknown' }

export type SignInByIdentity = (identity: ForeignIdentity, asked: Asked) => Promise<IdentitySignIn>

type Asked = {
  /** Whether somebody new gets an account. */
  readonly isRegistrationOpen: boolean
  readonly locale: string
  readonly registrant: Registrant
}

export type IdentitySignInDeps = {
  readonly links: Pick<LinkRows, 'customerOf' | 'noteUse' | 'add'>
  readonly directory: Pick<Directory, 'findById' | 'findByLogin'>
  readonly proofs: Pick<Proofs, 'make'>
  /** Absent where customers are made elsewhere. */
  readonly rows?: Pick<RegistrationRows, 'add' | 'confirmEmail'> | undefined
  /** Absent where no mail can be sent. */
  readonly registration?: Pick<Registration, 'registerByIdentity'> | undefined
}

/**
 * Finds the account of a person who signed in at a provider, or makes one. Provider, issuer and subject name the person; an
 * e-mail address opens no account that is there already, whoever vouches for it. What the address leads to is told only to
 * those whom a provider has checked for it: others could ask for every address in the world.
 */
export function createSignInByIdentity(deps: IdentitySignInDeps): SignInByIdentity {
  const { links, directory, proofs, rows, registration } = deps

  return async function signInByIdentity(identity, asked) {
    const customerId = await links.customerOf(identity)
    if (customerId !== undefined) return signInAs(customerId, identity)
    const { email } = identity
    if (!email) return { outcome: 'unknown' }
    const isOpen = asked.isRegistrationOpen && rows !== undefined
    if (email.trust === 'none') {
      if (!isOpen || !registration) return { outcome: 'unknown' }
      registration.registerByIdentity(newCustomer(identity, email.address, asked), identity, asked.registrant)
      return { outcome: 'letter-sent' }
    }
    const known = await directory.findByLogin(email.address)
    if (known) return { outcome: 'account-exists', email: known.customer.email }
    return isOpen ? register(newCustomer(identity, email.address, asked), identity) : { outcome: 'unknown' }
  }

  async function signInAs(customerId: string, identity: ForeignIdentity): Promise<IdentitySignIn> {
    const proof = await proofs.make(customerId)
    const customer = await directory.findById(customerId)
    if (!proof || customer?.status !== 'active') return { outcome: 'refused', customerId }
    if (!customer.emailVerified && !(await confirm(customer, identity))) return { outcome: 'unconfirmed', customer }
    await links.noteUse(identity)
    return { outcome: 'signed-in', customer, proof }
  }

  /** A provider that checked the very address of the account confirms it. */
  async function confirm({ id, email }: Customer, identity: ForeignIdentity): Promise<boolean> {
    const isChecked = identity.email !== undefined && identity.email.trust !== 'none'
    const isSame = isChecked && normalizeEmail(identity.email.address) === normalizeEmail(email)
    return isSame && (await rows?.confirmEmail(id, email)) === true
  }

  async function register(customer: NewCustomer, identity: ForeignIdentity): Promise<IdentitySignIn> {
    const id = await rows?.add(customer)
    // Of two at once, the second finds that the address has an account.
    if (id === undefined) return { outcome: 'account-exists', email: customer.email }
    await links.add(id, identity)
    const signedIn = await signInAs(id, identity)
    return signedIn.outcome === 'signed-in' ? { ...signedIn, isNew: true } : signedIn
  }
}

type NewCustomer = Parameters<RegistrationRows['add']>[0]

/** Names come from elsewhere: one that could not be typed here is left out. */
function newCustomer({ givenName, familyName }: ForeignIdentity, email: string, { locale }: Asked): NewCustomer {
  const [given, family] = [givenName, familyName].map((name) => (name === undefined ? '' : typedText(name)))
  return {
    email: typedText(email),
    ...(given && isPersonName(given) && { givenName: given }),
    ...(family && isPersonName(family) && { familyName: family }),
    locale,
  }
}
