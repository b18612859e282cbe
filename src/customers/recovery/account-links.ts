import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { proofOf } from '../proof.ts'
import type { LinkPurpose, OneTimeLinks } from './one-time-links.ts'
import type { MailBudgets } from './recovery-budgets.ts'
import type { Asker } from './recovery-letters.ts'

/** A link to mail, and whom it is for. */
export type AccountLink = { readonly customer: Customer; readonly token: string }

export type AccountLinkDeps = {
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly links: Pick<OneTimeLinks, 'issue'>
  readonly budgets: Pick<MailBudgets, 'takeForAccount'>
}

export type AccountLinkRequest = {
  readonly purpose: LinkPurpose
  readonly login: string
  readonly asker: Asker
  readonly ttlSeconds: number
  /** Whom the letter makes sense for; everybody unless given. */
  readonly isFor?: (customer: Customer) => boolean
  /** Kept with the link, beside the proof. */
  readonly content?: Readonly<Record<string, unknown>>
}

/**
 * Makes a link for the customer with a login. It holds while nothing ended the proof it was made with. Undefined without such
 * a customer, and when the account or the place had its letters.
 */
export async function issueAccountLink(
  { directory, links, budgets }: AccountLinkDeps,
  { purpose, login, asker, ttlSeconds, isFor = () => true, content = {} }: AccountLinkRequest,
): Promise<AccountLink | undefined> {
  const madeAtMs = Date.now()
  const found = await directory.findByLogin(login)
  if (found?.customer.status !== 'active' || !isFor(found.customer)) return undefined
  const { customer } = found
  if (!(await budgets.takeForAccount(purpose, customer.email, asker))) return undefined
  const link = { ...content, proof: proofOf(found, madeAtMs) }
  const token = await links.issue(purpose, { subject: customer.id, ip: asker.ip }, link, ttlSeconds)
  return { customer, token }
}
