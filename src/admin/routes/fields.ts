import { z } from 'zod'
import { isEmailAddress, MAX_EMAIL_LENGTH } from '../../credentials/email.ts'
import { text } from './shapes.ts'

// Fields that several shapes have, each with its one sentence for the API document.

/** The sentence of a field, for another one that means the same and takes less or more. */
export const sentenceOf = (field: z.ZodType): string => field.description ?? ''

/** Of a client, in an answer or a path. */
export const clientId = z.string().describe('The client_id of the client.')

/** Of a customer, in an answer. */
export const customerId = z.string().describe('The id of the customer.')

/** Of a customer, in an answer. */
export const customerReference = z.string().describe('What the shop calls the customer: the number of the customer.')

/** The same in a request. */
export const givenReference = text.min(1).describe('What the shop calls the customer: the customerReference.')

export const grantId = z.string().describe('The id of the sign-in that tokens hang from.')

export const companyUserId = z.string().describe('The id of the company user that the customer acts as.')

export const ip = z.string().describe('The IP address that the request came from.')

export const requestId = z.string().describe('The id of the request: X-Request-Id of its answer, and in its log lines.')

export const kid = z.string().describe('The id of the key (RFC 7517 §4.5).')

export const algorithm = z
  .enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
  .describe('The signature algorithm (RFC 7518 §3.1, RFC 8037).')

/** An e-mail address of any script, in a request; its domain may be written in ASCII or not. */
export const email = z
  .string()
  .max(MAX_EMAIL_LENGTH)
  .refine(isEmailAddress, 'must be an e-mail address')
  .meta({ format: 'email', description: 'The e-mail address, with which the person signs in.' })

/** The same in an answer. */
export const shownEmail = z.string().describe('The e-mail address, with which the person signs in.')

/** A password that is typed as it is: to sign in, or to prove who one is. */
export const typedPassword = text.max(1024).describe('The password.')

/** A password that is to be set; the policy judges it. */
export const newPassword = text
  .min(1)
  .max(1024)
  .describe(
    'The new password; PASSWORD_MIN_LENGTH and the list of breached passwords decide whether it is good enough.',
  )

export const hasSecondFactor = z.boolean().describe('Whether a code is needed beside the password.')

/** A code of a second factor that is to be confirmed. */
export const sixDigits = z
  .string()
  .regex(/^\d{6}$/, 'must be six digits')
  .describe('The six digits that the app shows now (RFC 6238).')

/** What an app for codes is given. */
export const enrolled = z.object({
  secret: z.string().describe('The secret to type into an app, in base32. Only this answer contains it.'),
  uri: z.string().describe('The same for a QR code (otpauth:). Only this answer contains it.'),
})
