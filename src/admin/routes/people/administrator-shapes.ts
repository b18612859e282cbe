import { z } from 'zod'
import { ROLES } from '../../../administrators/role.ts'
import { email, epochSeconds, instant, name, text } from '../shapes.ts'

export const role = z.enum(ROLES)
const status = z.enum(['active', 'blocked'])

export const administrator = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string().optional(),
    role,
    status,
    createdAt: epochSeconds,
    passwordChangedAt: epochSeconds,
  })
  .meta({ id: 'Administrator' })

export const listedAdministrator = administrator
  .extend({ hasSecondFactor: z.boolean() })
  .meta({ id: 'ListedAdministrator' })

export const newPassword = text.min(1).max(1024)
export const newAdministrator = z.strictObject({
  email,
  name: name.optional(),
  role,
  password: newPassword,
})
export const administratorChange = z.strictObject({
  name: name.optional(),
  role: role.optional(),
  status: status.optional(),
})

export const adminToken = z
  .object({
    id: z.uuid(),
    name: z.string(),
    role,
    createdBy: z.string(),
    createdAt: epochSeconds,
    expiresAt: epochSeconds,
    revokedAt: epochSeconds.optional(),
    lastUsedAt: epochSeconds.optional(),
  })
  .meta({ id: 'AdminToken' })
export const newAdminToken = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  role,
  expiresAt: instant.optional().describe('The default is in 90 days; at most a year from now.'),
})
