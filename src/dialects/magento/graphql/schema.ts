import { buildSchema } from 'graphql'

/** The part of the shop's schema that signs customers in and out, under the shop's own type names. */
export const schema = buildSchema(`
  type Query {
    storeConfig: StoreConfig
    customer: Customer
  }

  type Mutation {
    generateCustomerToken(email: String!, password: String!): CustomerToken
    revokeCustomerToken: RevokeCustomerTokenOutput
  }

  type StoreConfig {
    "How long a customer token works, in hours."
    customer_access_token_lifetime: Float
    store_code: String
  }

  type Customer {
    id: Int
    email: String
    firstname: String
    lastname: String
  }

  type CustomerToken {
    token: String
  }

  type RevokeCustomerTokenOutput {
    result: Boolean!
  }
`)
