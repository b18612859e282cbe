import { z } from 'zod'
import { importRecord } from '../../../customers/import/import-record.ts'
import { email, text } from '../shapes.ts'

const permission = z.object({
  idPermission: z.int().optional(),
  key: z.string(),
  configuration: z.unknown(),
  configurationSignature: z.unknown(),
})

export const companyRole = z
  .object({ id: z.string(), name: z.string(), permissions: z.array(permission) })
  .meta({ id: 'CompanyRole' })

const companyUser = z
  .object({
    id: z.string(),
    company: z.object({ id: z.string(), name: z.string(), status: z.enum(['approved', 'blocked']) }),
    businessUnit: z.object({ id: z.string(), name: z.string() }).optional(),
    isActive: z.boolean(),
    isDefault: z.boolean(),
    roles: z.array(companyRole),
  })
  .meta({ id: 'CompanyUser' })

export const customer = z
  .object({
    id: z.string(),
    idCustomer: z.int(),
    customerReference: z.string(),
    email: z.string(),
    emailVerified: z.boolean(),
    status: z.enum(['active', 'blocked', 'anonymised']),
    givenName: z.string().optional(),
    familyName: z.string().optional(),
    locale: z.string().optional(),
    companyUsers: z.array(companyUser),
  })
  .meta({ id: 'Customer' })

/** As an import has it, but with the password itself, which is judged and hashed here. */
export const newCustomer = importRecord.omit({ password: true }).extend({ password: text.min(1).max(1024).optional() })

export const companyUsers = importRecord.shape.companyUsers.unwrap()

export const customerChange = z.strictObject({
  email: email.optional(),
  givenName: text.max(255).nullable().optional(),
  familyName: text.max(255).nullable().optional(),
  locale: text.max(35).nullable().optional(),
})
