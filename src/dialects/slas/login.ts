import { toAccount } from '../../oauth/accounts/account.ts'
import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badCredentials, badRequest, busy, failure, unavailable } from './answers.ts'
import { refuseClient, sendCode } from './codes.ts'
import { at, type Fields, isRefused, lacks, readBasic, readFields } from './request.ts'
import { beginSession } from './sessions.ts'
import type { Slas } from './settings.ts'
import { fitsSubject, SUBJECT_TOO_LONG } from './token.ts'

/** `POST /login`: a code for a customer who shows login and password as HTTP Basic. */
export function loginRoute(slas: Slas): ActionRoute {
  return {
    method: 'POST',
    path: at('login'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const refused =
        lacks(slas, fields, 'client_id', 'redirect_uri', 'channel_id') ??
        (await refuseClient(fields, services, 'password'))
      return refused ?? signIn(slas, fields, request, services)
    },
  }
}

async function signIn(
  slas: Slas,
  fields: Fields,
  { headers }: DialectRequest,
  services: DialectServices,
): Promise<DialectAnswer> {
  const shopper = readBasic(headers.authorization)
  if (!shopper) return badCredentials()
  if (!fitsSubject(shopper.name, slas)) return badRequest(SUBJECT_TOO_LONG)
  const checked = await services.checkPassword(shopper.name, shopper.secret, String(fields.client_id))
  if (checked.outcome === 'busy') return unavailable(busy(checked))
  const account = checked.outcome === 'authenticated' ? toAccount(checked.customer) : undefined
  if (checked.outcome !== 'authenticated' || !account) return badCredentials()
  const { customer, proof } = checked
  // Only the right password counts: wrong ones of strangers keep no customer out.
  if (slas.loginInterval > 0 && !(await takesTurn(customer.id, slas.loginInterval, services))) {
    return tooSoon(slas, customer.id, slas.loginInterval)
  }
  const session = await beginSession(fields, services, { accountId: customer.id })
  return sendCode(slas, fields, services, { account, by: 'password', provedAtMs: proof.madeAtMs, session })
}

function takesTurn(subject: string, seconds: number, services: DialectServices): Promise<boolean> {
  return services.takeTurn({ of: 'slas-login', subject, limit: 1, seconds })
}

/** The shop's own sentence for two sign-ins of one customer at once. */
export function tooSoon({ tenant }: Slas, user: string, seconds: number): DialectAnswer {
  const message = `Tenant id ${tenant} has already performed a login operation for user id ${user} in the last ${seconds} seconds.`
  return failure(409, 'conflict', message)
}
