import type { DialectAnswer, DialectRequest } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import { createAccounts } from '../accounts.ts'
import type { Shop } from '../shop.ts'
import { accountFields } from './account-fields.ts'
import { agentFields } from './agent-fields.ts'
import { customerFields } from './customer-fields.ts'
import { executeGraphql } from './execute.ts'
import { reply } from './reply.ts'
import { readGraphqlRequest } from './request.ts'
import { signInFields } from './sign-in-fields.ts'

export type GraphqlEndpoint = {
  readonly shop: Shop
  /** Older shops answer 200 whatever happened. */
  readonly isAlwaysOk: boolean
}

/** Runs what was asked at the shop's GraphQL address. */
export async function answerGraphql(
  request: DialectRequest,
  services: DialectServices,
  { shop, isAlwaysOk }: GraphqlEndpoint,
): Promise<DialectAnswer> {
  const isReadOnly = request.method === 'GET'
  const read = readGraphqlRequest(request.body, isReadOnly ? request.query : undefined)
  const asked = { request, services, shop }
  const fields = {
    ...signInFields(asked),
    ...accountFields(asked, createAccounts(services, shop)),
    ...agentFields(asked),
    ...customerFields(asked),
  }
  const { status, body, retryAfterSeconds } = await executeGraphql(read, fields, { isAlwaysOk, isReadOnly })
  return reply(status, body, retryAfterSeconds)
}
