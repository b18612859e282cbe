import { z } from 'zod'
import { isAddressSegment, NO_ADDRESS_SEGMENT } from '../../../address-segment.ts'
import { ROLES } from '../../../administrators/role.ts'
import { email, hasSecondFactor, newPassword, sentenceOf, shownEmail } from '../fields.ts'
import { epochSeconds, instant, name } from '../shapes.ts'

export const role = z
  .enum(ROLES)
  .describe('What the person or the token may do; each role may do all that the one before it may.')
const status = z.enum(['active', 'blocked']).describe('Who is blocked cannot sign in.')
const id = z.uuid().describe('The id, which never changes.')
const personName = name.describe('The name, as other administrators see it.')
const tokenName = z.string().describe('The name, by which people tell the token from others.')

export const administrator = z
  .object({
    id,
    email: shownEmail,
    name: z.string().optional().describe(sentenceOf(personName)),
    role,
    status,
    createdAt: epochSeconds('When the administrator was made'),
    passwordChangedAt: epochSeconds('When the password was last changed'),
  })
  .meta({ id: 'Administrator' })

export const listedAdministrator = administrator.extend({ hasSecondFactor }).meta({ id: 'ListedAdministrator' })

export const newAdministrator = z.strictObject({
  email,
  name: personName.optional(),
  role,
  password: newPassword,
})
export const administratorChange = z.strictObject({
  name: personName.optional(),
  role: role.optional(),
  status: status.optional(),
})

export const adminToken = z
  .object({
    id,
    name: tokenName,
    role,
    createdBy: z.string().describe('Who made it, as in the audit trail.'),
    createdAt: epochSeconds('When it was made'),
    expiresAt: epochSeconds('When it stops working'),
    revokedAt: epochSeconds('When it was revoked').optional(),
    lastUsedAt: epochSeconds('When it was last used').optional(),
  })
  .meta({ id: 'AdminToken' })
export const newAdminToken = z.strictObject({
  name: tokenName
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .refine(isAddressSegment, NO_ADDRESS_SEGMENT),
  role,
  expiresAt: instant.optional().describe('The default is in 90 days; at most a year from now.'),
})
