import type { PasswordReset } from '../../customers/self-service/outcomes.ts'
import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badClient, badRequest, busy, failure, json, tooMany, unavailable } from './answers.ts'
import { sendBy } from './callback-codes.ts'
import { provesClient } from './clients.ts'
import { at, type Fields, isRefused, lacks, readClient, readFields } from './request.ts'
import type { Slas } from './settings.ts'

const TTL_SECONDS = 600

/** `POST /password/reset`, `/password/action`, `/otp/request` and `/otp/verify`: a code, and what it is good for. */
export function passwordRoutes(slas: Slas): ActionRoute[] {
  return [
    route(slas, 'password/reset', ['user_id', 'mode', 'channel_id'], resetPassword(slas)),
    route(slas, 'password/action', ['pwd_action_token', 'new_password', 'channel_id'], setPassword),
    route(slas, 'otp/request', ['user_id', 'mode', 'channel_id'], requestCode(slas)),
    route(slas, 'otp/verify', ['user_id', 'pwd_action_token', 'channel_id'], verifyCode),
  ]
}

type Act = (fields: Fields, services: DialectServices, clientId: string) => Promise<DialectAnswer>

/** Each takes a form, of a public client by its id or of another one by its secret. */
function route(slas: Slas, endpoint: string, names: readonly string[], act: Act): ActionRoute {
  return {
    method: 'POST',
    path: at(endpoint),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const clientId = await knownClient(fields, request, services)
      if (isRefused(clientId)) return clientId
      return lacks(slas, fields, ...names) ?? act(fields, services, clientId.id)
    },
  }
}

async function knownClient(
  fields: Fields,
  request: DialectRequest,
  services: DialectServices,
): Promise<{ readonly id: string } | DialectAnswer> {
  const client = readClient(request, fields)
  if (isRefused(client)) return client
  const { client_id: id, client_secret: secret } = client
  const isKnown =
    secret === undefined
      ? await services.isPublicClient(id)
      : await provesClient({ client_id: id, client_secret: secret }, services)
  return isKnown ? { id } : badClient()
}

function resetPassword(slas: Slas): Act {
  return async (fields, services) => {
    const taken = await sendBy(slas, fields, services, {
      async email(login) {
        const requested = await services.ownAccount.requestPasswordReset(login)
        return requested.outcome === 'requested' ? undefined : refusedReset(requested)
      },
      async token(customer) {
        const key = await services.ownAccount.issueResetKey(customer, TTL_SECONDS)
        return typeof key === 'string' ? key : undefined
      },
    })
    return taken ?? json(200, {})
  }
}

/** The key says whose password it is; a `user_id` beside it must be theirs. */
const setPassword: Act = async ({ pwd_action_token: key = '', new_password: password = '', user_id }, services) => {
  const reset = await services.ownAccount.resetPassword({ key, password, ...(user_id && { email: user_id }) })
  return reset.outcome === 'changed' ? json(200, {}) : refusedReset(reset)
}

/** Only by mail: a code for the shop's own service would sign the customer in; this one only sets a password. */
function requestCode(slas: Slas): Act {
  return async (fields, services) => {
    const taken = await sendBy(slas, fields, services, {
      async email(login) {
        services.requestOneTimePassword(login)
        return undefined
      },
    })
    return taken ?? json(200, {})
  }
}

const verifyCode: Act = async ({ user_id = '', pwd_action_token: code = '' }, services, clientId) => {
  const checked = await services.checkOneTimePassword(user_id, code, clientId)
  if (checked.outcome === 'busy') return unavailable(busy(checked))
  return checked.outcome === 'authenticated' ? json(200, {}) : badRequest('invalid pwd_action_token')
}

type Refused = Exclude<PasswordReset, { outcome: 'changed' }>

function refusedReset(refused: Refused): DialectAnswer {
  switch (refused.outcome) {
    case 'invalid-key':
      return badRequest('invalid pwd_action_token')
    case 'weak-password':
      return badRequest('The new password does not meet the password requirements.')
    case 'too-many':
      return tooMany(undefined, refused.retryAfterSeconds)
    case 'busy':
      return unavailable(busy(refused))
    case 'unavailable':
      return failure(400, 'not_supported', 'Passwords are not set here.')
  }
}
