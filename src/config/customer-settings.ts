import { z } from 'zod'
import { bearerToken, count, daysOrNone, list, type Setting, seconds, url } from './setting.ts'

const shopPage = z
  .url({ protocol: /^https?$/ })
  .refine((page) => page.split('{key}').length === 2, 'must be an address that contains {key} once')

/** Mail, lockout, passwords, and where customers are kept. */
export const customerSettings = {
  MAIL_URL: {
    type: url('smtp', 'smtps'),
    secret: true,
    sentence:
      'The mail server: smtp://USER:PASSWORD@HOST:587 or smtps://…. Unset: mails are saved as files in DATA_DIR/outbox; in production, pages that need mail are switched off.',
  },
  MAIL_FROM: {
    type: z.string().regex(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, 'must be an address, or a name and <address>'),
    sentence: 'The sender of mails, as address or as Name <address>. Unset: no-reply@ and the host of ISSUER.',
  },
  REGISTRATION: {
    type: z.enum(['open', 'closed']),
    default: 'closed',
    sentence: 'Whether new customers may create an account, on the hosted pages and at the endpoints of dialects.',
  },
  SIGN_IN_PAGE: {
    type: z.enum(['one-page', 'identifier-first']),
    default: 'one-page',
    sentence:
      'Whether the sign-in page asks for address and password at once, or for the address first. The page after the address is the same for every ' +
      'address, unless a sign-in provider has its domain.',
  },
  SIGN_IN_CODE: {
    type: z.enum(['none', 'offered']),
    default: 'none',
    sentence:
      'Whether the sign-in page offers a code by mail in place of the password. It needs mail and customers of our own; a second factor is asked for all the same.',
  },
  AUTHORIZATION_CHALLENGE: {
    type: z.enum(['off', 'on']),
    default: 'off',
    sentence:
      'Whether apps of the shop may show sign-in screens of their own at /authorize-challenge (OAuth 2.0 for First-Party Applications). ' +
      'With on, each client still needs the member authorization_challenge.',
  },
  PASSWORD_GRANT_SUNSET: {
    type: z.iso.date(),
    sentence:
      'The first day (UTC) without the password grant, for every client, such as 2027-06-30. Half a year before, its answers begin to say so ' +
      '(Deprecation, Sunset); from that day on it is unsupported_grant_type, and the metadata do not name it. The client member grants_sunset ends it earlier for one client.',
  },
  SUNSET_PAGE_URL: {
    type: z.url({ protocol: /^https?$/ }),
    sentence:
      'The page that tells developers what to do in place of a grant type that ends. Answers that say so link to it. Unset: they link to none.',
  },
  REGISTRATION_CONFIRMATION: {
    type: z.enum(['required', 'none']),
    default: 'required',
    sentence:
      'Whether a customer who registers at an endpoint of a dialect must confirm the e-mail address first. With none the ' +
      'address counts as confirmed at once, as in shops that ask for no confirmation, and the endpoint shows which addresses are taken. ' +
      'The hosted pages always ask for confirmation.',
  },
  ACCOUNT_DELETION_DAYS: {
    type: daysOrNone.max(90, 'must be 90 at most'),
    default: '14',
    sentence:
      'How many days after customers asked for it their account is erased. Until then they can sign in and call it off. With 0 it is erased at once.',
  },
  COMPANY_INVITATIONS_PERMISSION: {
    type: z.string().min(1).max(255),
    default: 'ManageCompanyUserInvitationPermissionPlugin',
    sentence:
      'The key of the permission with which a company user may invite others to the company on the account pages. The default is that of Spryker.',
  },
  SHOP_CONFIRMATION_URL: {
    type: shopPage,
    sentence:
      'The page of the shop to which letters lead that a registration at a dialect sends, with {key} where the key goes: ' +
      'the page shows the key to the dialect, which asks for nothing else. Unset: the hosted page, which asks for the password that was chosen.',
  },
  SHOP_PASSWORD_RESET_URL: {
    type: shopPage,
    sentence:
      'The page of the shop to which letters lead that a dialect sends to customers who forgot their password, with {key} where ' +
      'the key goes. Unset: the hosted page.',
  },
  CUSTOMER_WEBHOOK_URL: {
    type: url('http', 'https'),
    sentence: 'The address that is told of every change of a customer, at least once: docs/how-to/customer-webhook.md.',
  },
  CUSTOMER_WEBHOOK_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs the calls to CUSTOMER_WEBHOOK_URL (HMAC-SHA256).',
  },
  LOCKOUT_ATTEMPTS: {
    type: count,
    default: '9',
    sentence: 'Wrong passwords for one account from one address before that address is blocked from the account.',
  },
  LOCKOUT_WINDOW_SECONDS: { type: seconds, default: '900', sentence: 'How long a wrong password counts.' },
  LOCKOUT_BLOCK_SECONDS: {
    type: seconds,
    default: '360',
    sentence: 'How long an account stays blocked for an address.',
  },
  LOCKOUT_ACCOUNT_ATTEMPTS: {
    type: count,
    default: '50',
    sentence: 'Wrong passwords for one account from all unknown devices together before unknown devices must wait.',
  },
  LOCKOUT_ADDRESS_ATTEMPTS: {
    type: count,
    default: '300',
    sentence:
      'Wrong passwords from one address (one /64 of IPv6), for all accounts together, before that address must wait. ' +
      '127.0.0.1 and ::1 are exempt while TRUSTED_PROXIES is unset.',
  },
  LOCKOUT_CLIENT_ATTEMPTS: {
    type: count,
    default: '10000',
    sentence: 'Wrong passwords through one client before unknown devices get fewer attempts at it.',
  },
  PASSWORD_MIN_LENGTH: {
    type: count,
    default: '8',
    sentence:
      'The fewest characters a new password may have. NIST SP 800-63B-4 asks for 15 where the password is the only factor, and for 8 beside ' +
      'a second one.',
  },
  PASSWORD_MAX_LENGTH: {
    type: count,
    default: '128',
    sentence: 'The most characters a new password may have; at least 64.',
  },
  SECOND_FACTOR: {
    type: z.enum(['optional', 'required']),
    default: 'optional',
    sentence:
      'Whether customers need a second factor to sign in: an authenticator app, with recovery codes. With optional, customers decide for themselves. ' +
      'With required, a customer without one sets one up while signing in on the hosted pages; until then the direct grants refuse the customer.',
  },
  SECOND_FACTOR_ROLES: {
    type: list,
    default: '',
    sentence:
      'Company roles, by name and comma separated, whose holders need a second factor although it is optional for others.',
  },
  SECOND_FACTOR_MAIL: {
    type: z.enum(['off', 'allowed']),
    default: 'off',
    sentence:
      'Whether a code by mail may stand in for a second factor. Because the mailbox also resets the password, tokens then say acr signed-in, ' +
      'and a request for acr second-factor is not met.',
  },
  SECOND_FACTOR_REMEMBER_DAYS: {
    type: z.coerce.number().int().min(0).max(365),
    default: '30',
    sentence:
      'How many days customers may let a browser be remembered, so that it asks for no second factor; 0 switches that off. At most 365.',
  },
  BREACHED_PASSWORDS: {
    type: z.string().min(1),
    sentence:
      'Known passwords that are refused as new passwords: a sorted file of SHA-1 digests, or a directory of range files of Have I Been Pwned. ' +
      'Unset: a list of about 5,000 common passwords that is part of the server.',
  },
  PRESTASHOP_COOKIE_KEY: {
    type: z.string().min(1),
    secret: true,
    sentence: 'The _COOKIE_KEY_ of the PrestaShop shop from which prestashop-md5 passwords were imported.',
  },
  SHOP_DIRECTORY_URL: {
    type: url('http', 'https'),
    sentence: 'The address of a shop service that stores customers and passwords. Unset: this server stores them.',
  },
  SHOP_DIRECTORY_TOKEN: {
    type: bearerToken,
    secret: true,
    sentence: 'Sent to SHOP_DIRECTORY_URL as a bearer token.',
  },
  LEGACY_DIRECTORY_URL: {
    type: url('http', 'https'),
    sentence:
      'The address of a shop service with existing customers; each customer is moved to this server at the first sign-in.',
  },
  LEGACY_DIRECTORY_TOKEN: {
    type: bearerToken,
    secret: true,
    sentence: 'Sent to LEGACY_DIRECTORY_URL as a bearer token.',
  },
} as const satisfies Record<string, Setting>
