import { buildSchema } from 'graphql'

/**
 * The part of the shop's schema that is about customers' accounts, under the shop's own type names. Additions of ours are
 * `expires_in` and `refresh_token` of a token, and `refreshCustomerToken`: a client that does not ask never sees them.
 */
export const schema = buildSchema(`
  type Query {
    storeConfig: StoreConfig
    customer: Customer
    isEmailAvailable(email: String!): IsEmailAvailableOutput
  }

  type Mutation {
    generateCustomerToken(email: String!, password: String!): CustomerToken
    exchangeOtpForCustomerToken(email: String!, otp: String!): CustomerToken
    refreshCustomerToken(refresh_token: String!): CustomerToken
    revokeCustomerToken: RevokeCustomerTokenOutput
    generateCustomerTokenAsAdmin(input: GenerateCustomerTokenAsAdminInput!): GenerateCustomerTokenAsAdminOutput
    exchangeExternalCustomerToken(input: ExchangeExternalCustomerTokenInput!): ExchangeExternalCustomerTokenOutput
    createCustomer(input: CustomerInput!): CustomerOutput
    createCustomerV2(input: CustomerCreateInput!): CustomerOutput
    updateCustomerV2(input: CustomerUpdateInput!): CustomerOutput
    confirmEmail(input: ConfirmEmailInput!): CustomerOutput
    resendConfirmationEmail(email: String!): Boolean
    changeCustomerPassword(currentPassword: String!, newPassword: String!): Customer
    requestPasswordResetEmail(email: String!): Boolean
    resetPassword(email: String!, resetPasswordToken: String!, newPassword: String!): Boolean
    updateCustomerEmail(email: String!, password: String!): CustomerOutput
    deleteCustomer: Boolean
  }

  type StoreConfig {
    "How long a customer token works, in hours."
    customer_access_token_lifetime: Float
    store_code: String
    create_account_confirmation: Boolean
    minimum_password_length: String
    required_character_classes_number: String
  }

  type Customer {
    id: Int
    email: String
    firstname: String
    lastname: String
    allow_remote_shopping_assistance: Boolean!
    confirmation_status: ConfirmationStatusEnum
    companies(input: UserCompaniesInput): UserCompaniesOutput!
  }

  enum ConfirmationStatusEnum {
    ACCOUNT_CONFIRMED
    ACCOUNT_CONFIRMATION_NOT_REQUIRED
  }

  input UserCompaniesInput {
    currentPage: Int
    pageSize: Int
    sort: [CompaniesSortInput]
  }

  input CompaniesSortInput {
    field: CompaniesSortFieldEnum!
    order: SortEnum!
  }

  enum CompaniesSortFieldEnum {
    NAME
  }

  enum SortEnum {
    ASC
    DESC
  }

  type UserCompaniesOutput {
    items: [CompanyBasicInfo]!
    page_info: SearchResultPageInfo!
  }

  type CompanyBasicInfo {
    id: ID!
    legal_name: String
    name: String
    status: CompanyStatusEnum
  }

  enum CompanyStatusEnum {
    PENDING
    APPROVED
    REJECTED
    BLOCKED
  }

  type SearchResultPageInfo {
    current_page: Int
    page_size: Int
    total_pages: Int
  }

  type CustomerToken {
    token: String
    "In seconds."
    expires_in: Int
    refresh_token: String
  }

  type RevokeCustomerTokenOutput {
    result: Boolean!
  }

  type CustomerOutput {
    customer: Customer!
  }

  type IsEmailAvailableOutput {
    is_email_available: Boolean
  }

  input GenerateCustomerTokenAsAdminInput {
    customer_email: String!
  }

  type GenerateCustomerTokenAsAdminOutput {
    customer_token: String!
  }

  input ExchangeExternalCustomerTokenInput {
    customer: CustomerCreateInput!
  }

  type ExchangeExternalCustomerTokenOutput {
    customer: Customer!
    token: String!
  }

  input ConfirmEmailInput {
    confirmation_key: String!
    email: String!
  }

  input AttributeValueInput {
    attribute_code: String!
    selected_options: [AttributeInputSelectedOption]
    value: String
  }

  input AttributeInputSelectedOption {
    value: String!
  }

  input CustomerInput { email: String, firstname: String, lastname: String, password: String, ${ofTheShop()} }
  input CustomerCreateInput { email: String!, firstname: String!, lastname: String!, password: String, ${ofTheShop()} }
  input CustomerUpdateInput { firstname: String, lastname: String, ${ofTheShop()} }
`)

/** Members of customers that are the shop's to keep, and the one about agents. */
function ofTheShop(): string {
  return `allow_remote_shopping_assistance: Boolean, custom_attributes: [AttributeValueInput], date_of_birth: String, dob: String,
    gender: Int, is_subscribed: Boolean, middlename: String, prefix: String, suffix: String, taxvat: String`
}
