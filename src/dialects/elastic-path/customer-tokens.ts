import type { Caller } from '../../oauth/tokens/callers.ts'
import type { ActionRoute, DialectAnswer, DialectRequest, IssuedTokens } from '../dialect.ts'
import { type JsonObject, textOf } from '../json-body.ts'
import type { DialectServices } from '../services.ts'
import { badBearer, detailedError, failedValidation, json } from './errors.ts'
import { refusalOf } from './refusals.ts'
import { notAnObject, readResourceObject, violations } from './resource-object.ts'
import { clientFor, type SignedIn, type SignIn } from './sign-in.ts'

/** `POST /v2/customers/tokens`: a customer's token, for a password or for a code from our own sign-in page. */
export function customerTokenRoute(signIn: SignIn, resource: string): ActionRoute {
  return {
    method: 'POST',
    path: '/v2/customers/tokens',
    async act(request, services) {
      const caller = await signIn.findCaller(request, services)
      if (!caller) return badBearer()
      const data = readResourceObject(request.body)
      if (typeof data === 'string') return notAnObject(data)
      const problems = problemsOf(data)
      if (problems.length > 0) return failedValidation(problems)
      return toAnswer(await ask({ data, caller, request, services, signIn, resource }), signIn.refusedStatus)
    },
  }
}

type Asked = {
  readonly data: JsonObject
  readonly caller: Caller
  readonly request: DialectRequest
  readonly services: DialectServices
  readonly signIn: SignIn
  readonly resource: string
}

/** What each way of signing in needs. A request without one means the password: old SDKs never say it. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  password: ['type', 'email', 'password'],
  oidc: ['type', 'oauth_authorization_code', 'oauth_redirect_uri', 'oauth_code_verifier'],
}

function problemsOf(data: JsonObject): string[] {
  const required = REQUIRED[mechanismOf(data)]
  return required ? violations(data, required) : ['The selected data.authentication_mechanism is invalid.']
}

function mechanismOf({ authentication_mechanism: mechanism = 'password' }: JsonObject): string {
  return typeof mechanism === 'string' && Object.hasOwn(REQUIRED, mechanism) ? mechanism : ''
}

function ask({ data, caller, request, services, signIn, resource }: Asked): Promise<SignedIn> {
  const endpoint = { services, clientId: clientFor(caller, request.context), resource }
  return mechanismOf(data) === 'oidc'
    ? signIn.withCode(endpoint, data)
    : signIn.withPassword(endpoint, textOf(data, 'email'), textOf(data, 'password'))
}

function toAnswer(signedIn: SignedIn, refusedStatus: number): DialectAnswer {
  if (signedIn.outcome === 'issued') return json(200, { data: customerTokenObject(signedIn.tokens) })
  const { status, ...refusal } = refusalOf(signedIn.failure, refusedStatus)
  return detailedError(status, refusal)
}

function customerTokenObject({ accessToken, expiresIn, jti, customer }: IssuedTokens): Record<string, unknown> {
  return {
    type: 'token',
    id: jti,
    customer_id: customer?.id,
    token: accessToken,
    expires: Math.floor(Date.now() / 1000) + expiresIn,
  }
}
