import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { actForCustomer, actingRefusal, DEFAULT_REASON, NO_CONSENT } from './agents.ts'
import { answer, fail, refuse } from './answers.ts'
import { findAgent } from './callers.ts'
import { readFields } from './content.ts'
import { toText } from './credentials.ts'
import { type ErrorMessage, NOT_TEXT, notAuthorized } from './messages.ts'
import type { Shop } from './shop.ts'

const RIGHT = 'Magento_LoginAsCustomer::login'
/** The shop has no bound. The grant's own is 500 characters in one line. */
const MAX_REASON = 500

type Act = ActionRoute['act']

/** `POST /V1/customer/{id}/otp`: a code by which an agent signs in as a customer, once and within seconds. */
export function agentRoutes(base: string, shop: Shop, guard: (act: Act) => Act): ActionRoute[] {
  return [
    {
      method: 'POST',
      path: `${base}/customer/:id/otp`,
      act: guard((request, services) => makeCode(request, services, shop)),
    },
  ]
}

async function makeCode(request: DialectRequest, services: DialectServices, shop: Shop): Promise<DialectAnswer> {
  const { context, params } = request
  const shown = await findAgent(request, services)
  if (!shown?.caller.agent) return refuse(401, notAuthorized(RIGHT), context)
  const read = readReason(request)
  if ('refused' in read) return refuse(400, read.refused, context)
  const { reason } = read
  const idCustomer = /^[1-9]\d{0,9}$/.test(params.id ?? '') ? Number(params.id) : Number.NaN
  const acting = await actForCustomer(shown, services, { named: { idCustomer }, reason })
  switch (acting.outcome) {
    case 'unknown':
      return refuse(404, unknownCustomer(params.id ?? ''), context)
    case 'no-consent':
      return refuse(400, { message: NO_CONSENT }, context)
    case 'refused':
      if (acting.failure.status >= 500) return fail(acting.failure, context)
      return refuse(400, { message: actingRefusal(acting.failure) }, context)
    case 'issued': {
      const { tokens, customer } = acting
      const otp = await services.makeTokenCode({
        token: tokens.accessToken,
        expiresAt: Math.floor(Date.now() / 1000) + tokens.expiresIn,
        customer,
        agentId: shown.caller.agent.id,
        clientId: tokens.clientId,
        reason,
        ttlSeconds: shop.codeSeconds,
      })
      return answer(200, { otp }, context)
    }
  }
}

/** Optional, and so is the body. */
function readReason({
  body,
  headers,
}: DialectRequest): { readonly reason: string } | { readonly refused: ErrorMessage } {
  const content = readFields(body, typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined)
  if ('unreadable' in content) return { refused: { message: content.unreadable } }
  const given = toText(Object.hasOwn(content.fields, 'reason') ? content.fields.reason : undefined)
  if (given === undefined) return { refused: NOT_TEXT }
  const reason = given.trim()
  const isLine = reason.isWellFormed() && !/\p{Cc}|[\u2028\u2029]/u.test(reason)
  if (reason.length > MAX_REASON || !isLine) return { refused: { message: 'The reason is too long, or not one line.' } }
  return { reason: reason || DEFAULT_REASON }
}

function unknownCustomer(id: string): ErrorMessage {
  const fieldValue = /^\d{1,15}$/.test(id) ? Number(id) : id
  return {
    message: 'No such entity with %fieldName = %fieldValue',
    parameters: { fieldName: 'customerId', fieldValue },
  }
}
