import { normalizeEmail } from '../../credentials/email.ts'
import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import type { Passwords } from '../../credentials/passwords.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'
import type { Directory } from '../directory.ts'
import type { Proof, Proofs } from '../proof.ts'
import { issueAccountLink } from './account-links.ts'
import type { OneTimeLinks } from './one-time-links.ts'
import type { MailBudgets } from './recovery-budgets.ts'
import { type Asker, type Letter, languagesFor, type PostLetter } from './recovery-letters.ts'
import type { PasswordChange, PreparedPassword } from './recovery-password-change.ts'
import type { NewCustomer, RegistrationRows } from './registration-rows.ts'

export type RegistrationForm = Omit<NewCustomer, 'password'> & { readonly password: string }

/** `browser` is a mark of the browser that asks: there the link needs no password. An API has none. */
export type Registrant = Asker & {
  readonly browser?: string
  /** A page of the shop to which the letter leads, which shows the key to an API. */
  readonly shopPage?: string | undefined
}

export type Confirmed =
  | { readonly outcome: 'confirmed'; readonly email: string }
  | { readonly outcome: 'wrong-password' }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }
  | { readonly outcome: 'dead' }

/** What a confirmation link still needs. */
export type Confirmation = { readonly email: string; readonly needsPassword: boolean }

export type Registration = ReturnType<typeof createRegistration>

export type RegistrationDeps = {
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly proofs: Pick<Proofs, 'measure'>
  readonly passwords: Pick<Passwords, 'verify'>
  readonly passwordChange: Pick<PasswordChange, 'prepare'>
  readonly rows: RegistrationRows
  readonly links: OneTimeLinks
  readonly budgets: MailBudgets
  readonly postLetter: PostLetter
  /** Connects the account at a sign-in provider that a registration came from. */
  readonly connect?: ((customerId: string, identity: ForeignIdentity) => Promise<unknown>) | undefined
  /** Counts tries of the password at one link. */
  readonly countTry: (token: string) => Promise<number>
}

const TTL_SECONDS = 86_400
const MAX_TRIES = 10

type Link = Readonly<Record<string, unknown>>
type Opened = Confirmation & { readonly password?: StoredPassword; readonly confirm: () => Promise<string | undefined> }

/**
 * Registration with double opt-in. There is no customer before the address is confirmed, and a link followed in another
 * browser asks for the password that was chosen: people do not confirm an account that a stranger made with their address.
 */
export function createRegistration(deps: RegistrationDeps) {
  const { directory, proofs, links, budgets, postLetter, passwordChange, rows } = deps

  async function open(link: Link | undefined, browser?: string): Promise<Opened | undefined> {
    const needsPassword = link?.browser !== browser
    if (link?.registration) {
      const registration = link.registration as NewCustomer // as `register` put it
      const { email, password } = registration
      // Without a password nothing tells the person who began from one who has the letter alone.
      if (needsPassword && link.identity !== undefined) return undefined
      const confirm = async () => {
        const id = await rows.add(registration)
        // As `registerByIdentity` put it.
        if (id !== undefined && link.identity) await deps.connect?.(id, link.identity as ForeignIdentity)
        return id
      }
      return { email, needsPassword, ...(password && { password }), confirm }
    }
    const found = await proofs.measure(link?.proof)
    const next = link?.newEmail
    if (!found || (found.customer.emailVerified && next === undefined)) return undefined
    const { id, email } = found.customer
    const password = found.password && { password: found.password }
    if (typeof next === 'string') {
      const confirm = async () => (await rows.moveEmail(id, next))?.customerId
      return { email: next, needsPassword, ...password, confirm }
    }
    return {
      email,
      needsPassword,
      ...password,
      confirm: async () => ((await rows.confirmEmail(id, email)) ? id : undefined),
    }
  }

  /** To an address that has an account goes a letter that says so, with the way to a new password. */
  async function writeToRegistrant(
    registration: NewCustomer,
    asker: Registrant,
    identity?: ForeignIdentity,
  ): Promise<Letter | undefined> {
    const { email } = registration
    const subject = normalizeEmail(email)
    if (!(await budgets.takeForAccount('registration', email, asker))) return undefined
    const known = (await directory.findByLogin(email))?.customer
    if (known) return { kind: 'account-exists', to: known.email, languages: asker.languages, path: '/recovery' }
    const content = { registration, browser: asker.browser, ...(identity && { identity }) }
    const token = await links.issue('confirmation', { subject, ip: asker.ip }, content, TTL_SECONDS)
    return confirmationLetter(email, asker.languages, token, asker.shopPage)
  }

  /** To an address that has an account goes the letter that says so; the customer keeps the address of before. */
  async function writeToNewAddress(email: string, proof: Proof, asker: Registrant): Promise<Letter | undefined> {
    if (!(await budgets.takeForAccount('registration', email, asker))) return undefined
    const known = (await directory.findByLogin(email))?.customer
    if (known && known.id !== proof.customerId)
      return { kind: 'account-exists', to: known.email, languages: asker.languages, path: '/recovery' }
    const link = { subject: normalizeEmail(email), ip: asker.ip }
    const content = { newEmail: email, proof, ...(asker.browser !== undefined && { browser: asker.browser }) }
    const token = await links.issue('confirmation', link, content, TTL_SECONDS)
    return confirmationLetter(email, asker.languages, token, asker.shopPage)
  }

  /** A new password, to which the letter leads, ends the change: the link to the new address is then worth nothing. */
  async function writeToFormerAddress(proof: Proof, asker: Registrant): Promise<Letter | undefined> {
    const customer = (await proofs.measure(proof))?.customer
    if (!customer || !(await budgets.takeForAccount('email-change', customer.email, asker))) return undefined
    const { email: to, locale, givenName } = customer
    const languages = languagesFor(locale, asker.languages)
    return {
      kind: 'email-change-asked',
      to,
      languages,
      ...(givenName !== undefined && { givenName }),
      path: '/recovery',
    }
  }

  return {
    /** Mails a link to an address that a customer wants to have; who follows it gives it to them. The address they have is told. */
    requestEmailChange(email: string, proof: Proof, asker: Registrant): void {
      postLetter(() => writeToNewAddress(email, proof, asker))
      postLetter(() => writeToFormerAddress(proof, asker))
    },

    /** The same answer and cost whether or not the address has an account. */
    async register(form: RegistrationForm, asker: Registrant): Promise<PreparedPassword> {
      const prepared = await passwordChange.prepare(form.password, form.email, networkOf(asker.ip))
      if (prepared.outcome === 'prepared') {
        const registration = { ...form, password: prepared.password }
        postLetter(() => writeToRegistrant(registration, asker))
      }
      return prepared
    },

    /**
     * Mails a link to somebody who signed in at a provider that does not vouch for their address. It works in the browser that
     * they began in; an address that has an account gets a letter that says so.
     */
    registerByIdentity(registration: NewCustomer, identity: ForeignIdentity, asker: Registrant): void {
      postLetter(() => writeToRegistrant(registration, asker, identity))
    },

    /** Mails another link to a customer whose address is not confirmed. */
    requestConfirmation(login: string, asker: Registrant): void {
      postLetter(async () => {
        const link = await issueAccountLink(deps, {
          purpose: 'confirmation',
          login,
          asker,
          ttlSeconds: TTL_SECONDS,
          isFor: ({ emailVerified }) => !emailVerified,
          content: { browser: asker.browser },
        })
        if (!link) return undefined
        const { email, locale } = link.customer
        return confirmationLetter(email, languagesFor(locale, asker.languages), link.token, asker.shopPage)
      })
    },

    async find(token: string, browser: string): Promise<Confirmation | undefined> {
      return open(await links.read('confirmation', token), browser)
    },

    /**
     * Confirms the address by the key of a letter that an API had sent, once. As in the shops, the key is all that is asked
     * for: the page of the shop that takes it says what is being confirmed. The customer's id; a key for another address than
     * `email`, where that is given, is left as it is.
     */
    async confirmByKey(key: string, email?: string): Promise<string | undefined> {
      const link = await links.read('confirmation', key)
      const opened = link?.browser === undefined ? await open(link) : undefined
      if (!opened || (email !== undefined && normalizeEmail(email) !== normalizeEmail(opened.email))) return undefined
      return (await links.redeem('confirmation', key)) ? opened.confirm() : undefined
    },

    /** Confirms the address, once. In another browser than the one that asked, only with the password. */
    async confirm(token: string, { browser, password, ip }: { browser: string; password: string; ip: string }) {
      const opened = await open(await links.read('confirmation', token), browser)
      const refused: Confirmed | undefined = opened && (await checkPassword(opened, token, password, ip))
      if (!opened || refused) return refused ?? ({ outcome: 'dead' } as const satisfies Confirmed)
      const isOurs = (await links.redeem('confirmation', token)) && (await opened.confirm())
      return (isOurs ? { outcome: 'confirmed', email: opened.email } : { outcome: 'dead' }) satisfies Confirmed
    },
  }

  async function checkPassword(opened: Opened, token: string, password: string, ip: string) {
    if (!opened.needsPassword) return undefined
    if ((await deps.countTry(token)) > MAX_TRIES) return { outcome: 'dead' } as const
    const verification = await deps.passwords.verify(password, opened.password, networkOf(ip))
    if (verification.outcome === 'busy') return verification
    return verification.outcome === 'match' ? undefined : ({ outcome: 'wrong-password' } as const)
  }
}

/** Without a name: the sender of the form chose it, and the letter would carry their words. */
function confirmationLetter(to: string, languages: readonly string[], token: string, shopPage?: string): Letter {
  return { kind: 'confirmation', to, languages, path: '/confirmation', shopPage, token, ttlSeconds: TTL_SECONDS }
}
