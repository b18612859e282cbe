import type { DialectAnswer, DialectRequest, OAuthParameters } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import type { Credentials } from '../credentials.ts'
import { customerView, findCustomer } from '../customers.ts'
import { outageMessage } from '../messages.ts'
import { signInMessage } from '../sign-in.ts'
import { executeGraphql, outage, type Resolvers, refusal } from './execute.ts'
import { reply } from './reply.ts'
import { readGraphqlRequest } from './request.ts'

export type GraphqlEndpoint = {
  /** The audience of customers' tokens. */
  readonly audience: string
  readonly signInCustomer: (credentials: Credentials) => OAuthParameters
  readonly tokenHours: number
  /** Older shops answer 200 whatever happened. */
  readonly isAlwaysOk: boolean
}

const GUEST = "The current customer isn't authorized."

/** Runs what was asked at the shop's GraphQL address. */
export async function answerGraphql(
  request: DialectRequest,
  services: DialectServices,
  endpoint: GraphqlEndpoint,
): Promise<DialectAnswer> {
  const isReadOnly = request.method === 'GET'
  const read = readGraphqlRequest(request.body, isReadOnly ? request.query : undefined)
  const { status, body, retryAfterSeconds } = await executeGraphql(read, resolversFor(request, services, endpoint), {
    isAlwaysOk: endpoint.isAlwaysOk,
    isReadOnly,
  })
  return reply(status, body, retryAfterSeconds)
}

function resolversFor(request: DialectRequest, services: DialectServices, endpoint: GraphqlEndpoint): Resolvers {
  const requireCustomer = async () => {
    const customer = await findCustomer(request, services, endpoint.audience)
    if (!customer) throw refusal(GUEST, 'graphql-authorization')
    return customer
  }
  return {
    async generateCustomerToken({ email, password }) {
      if (email === '') throw refusal('Specify the "email" value.', 'graphql-input')
      if (password === '') throw refusal('Specify the "password" value.', 'graphql-input')
      const issued = await services.issue(endpoint.signInCustomer({ username: email, password }))
      if (issued.outcome === 'issued') return { token: issued.tokens.accessToken }
      const { failure } = issued
      if (failure.status >= 500) throw outage(outageMessage(failure), failure)
      throw refusal(signInMessage(failure) ?? outageMessage({ status: 500 }), 'graphql-authentication')
    },
    async revokeCustomerToken() {
      const customer = await requireCustomer()
      await services.signOutEverywhere(customer.id)
      return { result: true }
    },
    storeConfig: () => ({
      customer_access_token_lifetime: endpoint.tokenHours,
      store_code: String(request.headers.store ?? 'default'),
    }),
    customer: async () => customerView(await requireCustomer()),
  }
}
