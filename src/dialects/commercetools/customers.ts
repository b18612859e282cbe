import { randomUUID } from 'node:crypto'
import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { ManagedAccounts } from '../managed-accounts.ts'
import type { AccountRecord, Unavailable } from '../own-account.ts'
import type { DialectServices } from '../services.ts'
import { concurrentModification, refusalOfAccount, resourceNotFound } from './api-errors.ts'
import { readBody } from './body.ts'
import { findService } from './callers.ts'
import { customerObject } from './customer-object.ts'
import { json } from './errors.ts'
import type { Project } from './me.ts'
import { confirmEmail, invalidCurrentPassword, resetPassword } from './passwords.ts'

/** A password token lives no longer, whatever is asked for; the shop's own default is 24 days. */
const MAX_PASSWORD_TOKEN_MINUTES = 1440
const MAX_EMAIL_TOKEN_MINUTES = 43_200

/** What a service of the shop does for customers. Each needs a token of the service's own, with `manage_customers`. */
export function customerRoutes(project: Project): ActionRoute[] {
  const { key, resource, length } = project
  const at = (path: string, act: Act): ActionRoute => ({
    method: 'POST',
    path: `/${key}/customers${path}`,
    async act(request, services) {
      const found = await findService(`manage_customers:${key}`, request, services, resource)
      return 'refused' in found ? found.refused : act({ request, services, accounts: found.accounts, project })
    },
  })
  return [
    at('/password-token', createPasswordToken),
    at('/password/reset', ({ request, services }) => resetPassword(request, services, length)),
    at('/password', changePassword),
    at('/email-token', createEmailToken),
    at('/email/confirm', ({ request, services }) => confirmEmail(request, services)),
  ]
}

type Asked = {
  readonly request: DialectRequest
  readonly services: DialectServices
  readonly accounts: ManagedAccounts
  readonly project: Project
}
type Act = (asked: Asked) => Promise<DialectAnswer>

/** The service mails it. It sets the password, and so do all it is shown to. */
async function createPasswordToken({ request, accounts, project }: Asked): Promise<DialectAnswer> {
  const read = readBody(request.body, { email: 'text', ttlMinutes: 'number?' } as const)
  if ('refused' in read) return read.refused
  const { email, ttlMinutes = MAX_PASSWORD_TOKEN_MINUTES } = read.body
  const record = await accounts.find({ email })
  if (record?.customer.status !== 'active') return resourceNotFound(`EmailAddress(${email})`)
  const seconds = Math.min(ttlMinutes, MAX_PASSWORD_TOKEN_MINUTES) * 60
  return tell(await accounts.issueResetKey(record.customer, seconds), { record, seconds, endsOlder: true }, project)
}

async function createEmailToken({ request, accounts, project }: Asked): Promise<DialectAnswer> {
  const read = readBody(request.body, { id: 'text', ttlMinutes: 'number', version: 'number?' } as const)
  if ('refused' in read) return read.refused
  const { id, ttlMinutes, version } = read.body
  const record = await accounts.find({ id })
  if (record?.customer.status !== 'active') return resourceNotFound(id)
  if (version !== undefined && version !== record.version) return concurrentModification(id, version, record.version)
  const seconds = Math.min(ttlMinutes, MAX_EMAIL_TOKEN_MINUTES) * 60
  const key = await accounts.issueConfirmationKey(record.customer, seconds)
  return tell(key, { record, seconds, endsOlder: false }, project)
}

type Issued = { readonly record: AccountRecord; readonly seconds: number; readonly endsOlder: boolean }

function tell(key: string | Unavailable, { record, seconds, endsOlder }: Issued, { length }: Project): DialectAnswer {
  if (typeof key !== 'string') return refusalOfAccount(key, length)
  const createdAt = new Date()
  return json(200, {
    id: randomUUID(),
    createdAt: createdAt.toISOString(),
    lastModifiedAt: createdAt.toISOString(),
    customerId: record.customer.id,
    expiresAt: new Date(createdAt.getTime() + seconds * 1000).toISOString(),
    value: key,
    invalidateOlderTokens: endsOlder,
  })
}

/** By a service in front of which the customer typed the current password. */
async function changePassword({ request, services, accounts, project: { length } }: Asked): Promise<DialectAnswer> {
  const shape = { id: 'text', version: 'number', currentPassword: 'text', newPassword: 'text' } as const
  const read = readBody(request.body, shape)
  if ('refused' in read) return read.refused
  const { id, version, currentPassword: current, newPassword: next } = read.body
  const record = await accounts.find({ id })
  if (!record) return resourceNotFound(id)
  if (version !== record.version) return concurrentModification(id, version, record.version)
  const changed = await accounts.changePassword(record.customer, { current, next })
  if (changed.outcome === 'wrong-password') return invalidCurrentPassword()
  if (changed.outcome !== 'changed') return refusalOfAccount(changed, length)
  return json(200, customerObject((await services.ownAccount.find(id)) ?? record))
}
