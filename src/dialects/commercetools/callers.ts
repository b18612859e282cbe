import type { Customer } from '../../customers/customer.ts'
import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectAnswer, DialectRequest } from '../dialect.ts'
import type { ManagedAccounts } from '../managed-accounts.ts'
import type { AccountRecord } from '../own-account.ts'
import type { DialectServices } from '../services.ts'
import { badToken, insufficientScope, resourceNotFound } from './api-errors.ts'

type Refused = { readonly refused: DialectAnswer }

/** Who shows a token of this dialect with a scope of the project. */
export async function findCallerWith(
  scope: string,
  { headers }: DialectRequest,
  { findCaller }: DialectServices,
  resource: string,
): Promise<{ readonly caller: Caller } | Refused> {
  const [, bearer] = /^bearer +(\S+)$/i.exec(headers.authorization?.toString().trim() ?? '') ?? []
  const caller = bearer === undefined ? undefined : await findCaller(bearer, ({ audience }) => audience === resource)
  if (!caller) return { refused: badToken() }
  return caller.scopes.includes(scope) ? { caller } : { refused: insufficientScope(scope) }
}

/** The customer whose own token it is, as they are now. */
export async function findSelf(
  caller: Caller,
  { ownAccount }: DialectServices,
): Promise<{ readonly record: AccountRecord } | Refused> {
  const { customer } = caller
  return customer ? { record: await findRecord(customer, ownAccount) } : { refused: resourceNotFound('me') }
}

/** Where the shop keeps its customers, their versions are not known here: this is the first, of now. */
export async function findRecord(customer: Customer, { find }: DialectServices['ownAccount']): Promise<AccountRecord> {
  const now = new Date()
  return (await find(customer.id)) ?? { customer, version: 1, createdAt: now, changedAt: now }
}

/** What a service of the shop may do, where the token is one's own. */
export async function findService(
  scope: string,
  request: DialectRequest,
  services: DialectServices,
  resource: string,
): Promise<{ readonly accounts: ManagedAccounts } | Refused> {
  const found = await findCallerWith(scope, request, services, resource)
  if ('refused' in found) return found
  const accounts = services.ownAccount.managedBy(found.caller)
  return accounts ? { accounts } : { refused: insufficientScope(scope) }
}
