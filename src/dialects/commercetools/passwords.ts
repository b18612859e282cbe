import type { DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { apiFailure, type PasswordLength, refusalOfAccount, resourceNotFound } from './api-errors.ts'
import { readBody } from './body.ts'
import { customerObject } from './customer-object.ts'
import { json } from './errors.ts'

/** Sets a password by a token that the shop's service asked for, or one of a letter of ours. `version` is not looked at:
 * whatever changes the credentials ends the token. */
export async function resetPassword(
  { body }: DialectRequest,
  { ownAccount }: DialectServices,
  length: PasswordLength,
): Promise<DialectAnswer> {
  const read = readBody(body, { tokenValue: 'text', newPassword: 'text', version: 'number?' } as const)
  if ('refused' in read) return read.refused
  const { tokenValue: key, newPassword: password } = read.body
  const reset = await ownAccount.resetPassword({ key, password })
  if (reset.outcome === 'invalid-key') return resourceNotFound('Token')
  return reset.outcome === 'changed' ? tell(reset.customer.id, ownAccount) : refusalOfAccount(reset, length)
}

/** Confirms the e-mail address by a token, once. */
export async function confirmEmail({ body }: DialectRequest, { ownAccount }: DialectServices): Promise<DialectAnswer> {
  const read = readBody(body, { tokenValue: 'text', version: 'number?' } as const)
  if ('refused' in read) return read.refused
  const customer = await ownAccount.confirm(read.body.tokenValue)
  return customer ? tell(customer.id, ownAccount) : resourceNotFound('Token')
}

export function invalidCurrentPassword(): DialectAnswer {
  return apiFailure(400, [{ code: 'InvalidCurrentPassword', message: 'The given current password does not match.' }])
}

async function tell(customerId: string, { find }: DialectServices['ownAccount']): Promise<DialectAnswer> {
  const record = await find(customerId)
  return record ? json(200, customerObject(record)) : resourceNotFound(customerId)
}
