import { CLAIM_DIALECTS, type ClaimDialect, type ClaimEntry } from './claim-entry.ts'

/** Dialects whose access tokens are the standard ones. */
const STANDARD_FORM: readonly ClaimDialect[] = ['commercetools', 'SAP Commerce']
const ALL = CLAIM_DIALECTS

/** What tokens and answers say about customers, the companies they act for, agents and visitors. */
export const CLAIMS_OF_PEOPLE: Readonly<Record<string, ClaimEntry>> = {
  name: {
    says: 'The whole name.',
    source: 'the customer',
    scope: 'profile',
    example: 'Sam Sample',
    in: ['id', 'userinfo'],
    dialects: ['Elastic Path'],
  },
  given_name: {
    says: 'The given name.',
    source: 'the customer',
    scope: 'profile',
    example: 'Sam',
    in: ['id', 'userinfo'],
  },
  family_name: {
    says: 'The family name.',
    source: 'the customer',
    scope: 'profile',
    example: 'Sample',
    in: ['id', 'userinfo'],
  },
  locale: {
    says: 'The language that the customer chose (BCP 47).',
    source: 'the customer',
    scope: 'profile',
    example: 'de',
    in: ['id', 'userinfo'],
  },
  email: {
    says: 'The e-mail address.',
    source: 'the customer',
    scope: 'email',
    example: 'sam@example.com',
    in: ['id', 'userinfo'],
  },
  email_verified: {
    says: 'Whether the address was confirmed.',
    source: 'the customer',
    scope: 'email',
    example: true,
    in: ['id', 'userinfo'],
  },
  customer_reference: {
    says: 'The shop’s reference of the customer. Access tokens have it with any scope.',
    source: 'the customer',
    scope: 'customer',
    example: 'DE--21',
    in: ['access', 'id', 'userinfo', 'introspection'],
    dialects: STANDARD_FORM,
  },
  id_customer: {
    says: 'The shop’s number of the customer.',
    source: 'the customer',
    scope: 'customer',
    example: 21,
    in: ['id', 'userinfo'],
  },
  id_company_user: {
    says: 'The company user that the sign-in acts as; null for a private person. Access tokens have it with any scope.',
    source: 'the choice of the sign-in',
    scope: 'company',
    example: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
    in: ['access', 'id', 'userinfo', 'introspection'],
    dialects: ALL,
  },
  company_roles: {
    says: 'The names of the roles of the company user. Access tokens have it with any scope.',
    source: 'the company user',
    scope: 'company',
    example: ['Buyer'],
    in: ['access', 'id', 'userinfo', 'introspection'],
    dialects: STANDARD_FORM,
  },
  permissions: {
    says: 'The permissions of these roles: in tokens their keys, at userinfo and introspection with their configuration as it is now.',
    source: 'the company user',
    scope: 'company',
    example: ['PlaceOrder'],
    in: ['access', 'id', 'userinfo', 'introspection'],
    dialects: STANDARD_FORM,
  },
  permissions_digest: {
    says: 'In place of permissions in a token that would be too long (ACCESS_TOKEN_MAX_BYTES): SHA-256 of the sorted keys as a JSON array, base64url.',
    source: 'the company user',
    example: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
    in: ['access', 'introspection'],
  },
  permissions_version: {
    says: 'When these permissions were looked up, in epoch milliseconds: of two digests, the one of the greater is the newer.',
    source: 'the clock',
    example: 1_797_971_200_123,
    in: ['access', 'introspection'],
  },
  company_users: {
    says: 'All company users of the customer, those that are not active too; the same list as GET /company-users.',
    source: 'the customer',
    scope: 'company',
    example: [
      {
        id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
        company: { id: '0818f408-cc84-575d-ad54-92118a0e4273', name: 'Test Company' },
        roles: ['Buyer'],
        is_default: true,
        is_active: true,
      },
    ],
    in: ['userinfo'],
  },
  id_agent: {
    says: 'The shop’s number of the agent whose own token it is.',
    source: 'the agent',
    example: 1,
    in: ['access', 'introspection'],
    dialects: ['SAP Commerce'],
  },
  anonymous_id: {
    says: 'The id of a visitor who has not signed in.',
    source: 'the request',
    example: 'visitor-1',
    in: ['access', 'introspection'],
    dialects: ['commercetools', 'SLAS'],
  },
}
