import { normalizeEmail } from '../../credentials/email.ts'
import { toAccount } from '../../oauth/accounts/account.ts'
import { ONE_TIME_PASSWORD_GRANT } from '../../oauth/grants/one-time-password.ts'
import type { ActionRoute, DialectAnswer } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badClient, badRequest, json, refusal } from './answers.ts'
import { sendBy } from './callback-codes.ts'
import { provesClient } from './clients.ts'
import { signInNow } from './codes.ts'
import { at, type Client, clientOf, type Fields, isRefused, lacks, readFields } from './request.ts'
import { beginSession } from './sessions.ts'
import type { Slas } from './settings.ts'
import { tokenAnswer } from './token-answer.ts'

const TTL_SECONDS = 600
/** A code from a letter; a token of a callback is longer. */
const LONGEST_CODE = 8
const INVALID = 'invalid pwdless_login_token'

/** `POST /passwordless/login` and `/passwordless/token`: a customer signs in with a code instead of a password. */
export function passwordlessRoutes(slas: Slas): ActionRoute[] {
  return [
    {
      method: 'POST',
      path: at('passwordless/login'),
      async act(request, services) {
        const read = await readProved(slas, request, services)
        if ('refused' in read) return read.refused
        const { fields } = read
        const refused = lacks(slas, fields, 'user_id', 'mode', 'channel_id') ?? refuseRegistration(request.query)
        if (refused) return refused
        const taken = await sendBy(slas, fields, services, {
          async email(login) {
            services.requestOneTimePassword(login)
            return undefined
          },
          token: ({ id }) => services.issueSignInToken(id, TTL_SECONDS),
        })
        return taken ?? json(200, {})
      },
    },
    {
      method: 'POST',
      path: at('passwordless/token'),
      async act(request, services) {
        const read = await readProved(slas, request, services)
        if ('refused' in read) return read.refused
        const { fields, client } = read
        const refused = lacks(slas, fields, 'grant_type', 'hint', 'pwdless_login_token')
        if (refused) return refused
        if (fields.grant_type !== 'client_credentials') return badRequest('grant_type must be client_credentials')
        if (fields.hint !== 'pwdless_login') return badRequest('hint must be pwdless_login')
        return String(fields.pwdless_login_token).length > LONGEST_CODE
          ? withToken(slas, fields, client, services)
          : withCode(slas, fields, client, services)
      },
    },
  ]
}

type Proved = { readonly fields: Fields; readonly client: Required<Client> } | { readonly refused: DialectAnswer }

/** The form of a client that proved who it is. */
async function readProved(
  slas: Slas,
  request: Parameters<ActionRoute['act']>[0],
  services: DialectServices,
): Promise<Proved> {
  const fields = readFields(slas, request)
  if (isRefused(fields)) return { refused: fields }
  const client = clientOf(request.headers.authorization, fields)
  if (isRefused(client)) return { refused: client }
  return (await provesClient(client, services)) ? { fields, client } : { refused: badClient() }
}

/** Who is not registered yet gets no code: an account is made by registration. */
function refuseRegistration(query: URLSearchParams): DialectAnswer | undefined {
  return query.get('register_customer') === 'true' ? badRequest('register_customer is not supported') : undefined
}

/** A token that the shop's service was called with: it says whose it is. */
async function withToken(
  slas: Slas,
  fields: Fields,
  client: Required<Client>,
  services: DialectServices,
): Promise<DialectAnswer> {
  const provedAtMs = Date.now()
  const customer = await services.redeemSignInToken(String(fields.pwdless_login_token))
  const account = customer && toAccount(customer)
  if (!account) return badRequest(INVALID)
  const isTheirs = !fields.login_id || normalizeEmail(fields.login_id) === normalizeEmail(customer.email)
  if (!isTheirs) return badRequest(INVALID)
  const session = await beginSession(fields, services, { accountId: customer.id, login: 'pwdless' })
  const holder = { account, by: ONE_TIME_PASSWORD_GRANT, provedAtMs, session }
  const issued = await signInNow(slas.resources.shopper, slas.scopes, { client, services, holder })
  return issued.outcome === 'issued' ? tokenAnswer(issued.tokens) : refusal(issued.failure, INVALID)
}

/** A code from a letter is short: it is accepted only together with the login. */
async function withCode(
  slas: Slas,
  fields: Fields,
  client: Required<Client>,
  services: DialectServices,
): Promise<DialectAnswer> {
  if (!fields.login_id) return badRequest('login_id is required with a code from a mail')
  const session = await beginSession(fields, services, { login: 'pwdless' })
  const asked = {
    grant_type: ONE_TIME_PASSWORD_GRANT,
    ...client,
    resource: slas.resources.shopper,
    scope: slas.scopes.join(' '),
    username: fields.login_id,
    one_time_password: fields.pwdless_login_token,
  }
  const issued = await services.issue(asked, { session })
  return issued.outcome === 'issued' ? tokenAnswer(issued.tokens) : refusal(issued.failure, INVALID)
}
