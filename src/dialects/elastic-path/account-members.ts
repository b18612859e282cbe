import type { Customer } from '../../customers/customer.ts'
import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import { type JsonObject, textOf } from '../json-body.ts'
import { type PasswordLength, refusalOfAccount } from './account-answers.ts'
import { type AccountToken, accountTokens, endUnlisted, heldFrom, PAGE_LIMIT } from './accounts.ts'
import { register, TAKEN } from './create-customer.ts'
import { failedValidation, json, plainError, plainOutage } from './errors.ts'
import { refusalOf } from './refusals.ts'
import { readResourceObject, violations } from './resource-object.ts'
import { clientFor, type SignedIn, type SignIn, type SignInEndpoint } from './sign-in.ts'

export const ACCOUNT_TOKEN = 'account_management_authentication_token'
const SELF_SIGNUP = 'self_signup'
const LIFETIME_SECONDS = 86_400

/** What each way of signing in needs besides its name. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  password: ['password_profile_id', 'username', 'password'],
  passwordless: ['password_profile_id', 'username', 'one_time_password_token'],
  oidc: ['oauth_authorization_code', 'oauth_redirect_uri', 'oauth_code_verifier'],
  [SELF_SIGNUP]: ['password_profile_id', 'username', 'password', 'name', 'email'],
  [ACCOUNT_TOKEN]: [],
}

/** `POST /v2/account-members/tokens`: a token for each account a person may act for. */
export function accountMemberTokenRoute(signIn: SignIn, resource: string, length: PasswordLength): ActionRoute {
  return {
    method: 'POST',
    path: '/v2/account-members/tokens',
    async act(request, services) {
      const caller = await signIn.findCaller(request, services)
      if (!caller) return plainError(401)
      const data = readResourceObject(request.body)
      if (data === 'not-json') return plainError(400)
      if (data === 'no-data') return failedValidation(['The data field is required.'])
      const problems = problemsOf(data)
      if (problems.length > 0) return failedValidation(problems)
      const endpoint = { services, clientId: clientFor(caller, request.context), resource }
      if (mechanismOf(data) === ACCOUNT_TOKEN) return switchAccount(endpoint, request)
      return mechanismOf(data) === SELF_SIGNUP
        ? signUp(endpoint, data, { signIn, request, length })
        : enter(endpoint, data, { signIn, request })
    },
  }
}

function problemsOf(data: JsonObject): string[] {
  const required = REQUIRED[mechanismOf(data)]
  if (!required) return ['The selected data.authentication_mechanism is invalid.']
  const problems = violations(data, ['type', ...required])
  const isOther = textOf(data, 'type') !== '' && textOf(data, 'type') !== ACCOUNT_TOKEN
  if (isOther) return ['The selected data.type is invalid.', ...problems]
  // Here the address is the name that people sign in with.
  const isOtherName = mechanismOf(data) === SELF_SIGNUP && textOf(data, 'username') !== textOf(data, 'email')
  return isOtherName && problems.length === 0 ? ['The data.username and data.email must match.'] : problems
}

function mechanismOf(data: JsonObject): string {
  const mechanism = textOf(data, 'authentication_mechanism')
  return Object.hasOwn(REQUIRED, mechanism) ? mechanism : ''
}

type Asked = { readonly signIn: SignIn; readonly request: DialectRequest }

async function enter(endpoint: SignInEndpoint, data: JsonObject, { signIn, request }: Asked): Promise<DialectAnswer> {
  const signedIn = await signInWith(endpoint, data, signIn)
  if (signedIn.outcome === 'refused') {
    if (signedIn.failure.status >= 500) return plainOutage(signedIn.failure)
    const { status, retryAfterSeconds } = refusalOf(signedIn.failure, signIn.refusedStatus)
    return plainError(status, retryAfterSeconds)
  }
  const { tokens } = signedIn
  const customer = tokens.customer as Customer // these ways sign in customers only
  const accounts = await accountTokens(endpoint, customer, heldFrom(tokens))
  await endUnlisted(endpoint, tokens, accounts)
  return list(customer, accounts, request)
}

/**
 * Signs up, and in at once where no address need be confirmed. Where it must, the member has no account to act for yet: the
 * list is empty for every address.
 */
async function signUp(
  endpoint: SignInEndpoint,
  data: JsonObject,
  { length, ...asked }: Asked & { readonly length: PasswordLength },
): Promise<DialectAnswer> {
  const registered = await register(data, endpoint.services)
  switch (registered.outcome) {
    case 'registered':
      return enter(endpoint, data, asked)
    case 'unconfirmed':
      return list(registered.account, [], asked.request)
    case 'taken':
      return failedValidation([TAKEN])
    default:
      return refusalOfAccount(registered, length)
  }
}

function signInWith(endpoint: SignInEndpoint, data: JsonObject, signIn: SignIn): Promise<SignedIn> {
  const username = textOf(data, 'username')
  const mechanism = mechanismOf(data)
  if (mechanism === 'oidc') return signIn.withCode(endpoint, data)
  return mechanism === 'passwordless'
    ? signIn.withOneTimePassword(endpoint, username, textOf(data, 'one_time_password_token'))
    : signIn.withPassword(endpoint, username, textOf(data, 'password'))
}

/**
 * The holder of a token of ours, in a header of its own, gets tokens for all of their accounts. The SDK sends what it is
 * given as `X-Moltin-Customer-Token`, so that counts too.
 */
async function switchAccount(endpoint: SignInEndpoint, request: DialectRequest): Promise<DialectAnswer> {
  const { headers } = request
  const token = headers['ep-account-management-authentication-token'] ?? headers['x-moltin-customer-token']
  if (typeof token !== 'string') return plainError(401)
  const { services, clientId, resource } = endpoint
  const caller = await services.findCaller(
    token.trim(),
    (shown) => shown.audience === resource && shown.clientId === clientId,
  )
  if (!caller?.customer) return plainError(401)
  const held = {
    token: token.trim(),
    companyUserId: caller.companyUser?.id,
    expiresAt: caller.issuedAt + LIFETIME_SECONDS,
  }
  return list(caller.customer, await accountTokens(endpoint, caller.customer, held), request)
}

function list(
  { id }: Pick<Customer, 'id'>,
  accounts: readonly AccountToken[],
  { context }: DialectRequest,
): DialectAnswer {
  const page = `${context.baseUrl}/v2/account-members/tokens?page[limit]=${PAGE_LIMIT}&page[offset]=0`
  const total = accounts.length
  return json(201, {
    meta: { page: { limit: PAGE_LIMIT, current: 0, offset: 0, total }, results: { total }, account_member_id: id },
    data: accounts.map(({ accountId, accountName, token, expiresAt }) => ({
      type: ACCOUNT_TOKEN,
      account_name: accountName,
      account_id: accountId,
      token,
      expires: new Date(expiresAt * 1000).toISOString(),
    })),
    links: { current: page, first: page, last: null, next: null, prev: null },
  })
}
