import { z } from 'zod'
import { importRecord } from '../../../customers/import/import-record.ts'
import { companyUserId, customerId, customerReference, email, newPassword, sentenceOf, shownEmail } from '../fields.ts'
import { text } from '../shapes.ts'

// What an import takes is explained there; answers say the same.
const record = importRecord.shape
const acting = record.companyUsers.unwrap().unwrap().shape
const granted = acting.roles.unwrap().unwrap().shape
const allowed = granted.permissions.unwrap().unwrap().shape

const permission = z.object({
  idPermission: z.int().optional().describe(sentenceOf(allowed.idPermission)),
  key: z.string().describe(sentenceOf(allowed.key)),
  configuration: z.unknown().describe(sentenceOf(allowed.configuration)),
  configurationSignature: z.unknown().describe(sentenceOf(allowed.configurationSignature)),
})

export const companyRole = z
  .object({
    id: z.string().describe(sentenceOf(granted.id)),
    name: z.string().describe(sentenceOf(granted.name)),
    permissions: z.array(permission).describe(sentenceOf(granted.permissions)),
  })
  .meta({ id: 'CompanyRole' })

/** A company, as it is without its parts. */
export const shownCompany = z.object({
  id: z.string().describe(sentenceOf(acting.company.shape.id)),
  name: z.string().describe(sentenceOf(acting.company.shape.name)),
  status: z.enum(['approved', 'blocked']).describe(sentenceOf(acting.company.shape.status)),
})

export const businessUnit = z.object({
  id: z.string().describe('The id of the business unit.'),
  name: z.string().describe('The name of the business unit.'),
})

export const isActive = z.boolean().describe(sentenceOf(acting.isActive))
export const isDefault = z.boolean().describe(sentenceOf(acting.isDefault))

const companyUser = z
  .object({
    id: companyUserId,
    idCompanyUser: z.int().optional().describe(sentenceOf(acting.idCompanyUser)),
    company: shownCompany.describe(sentenceOf(acting.company)),
    businessUnit: businessUnit.optional().describe(sentenceOf(acting.businessUnit)),
    isActive,
    isDefault,
    roles: z.array(companyRole).describe(sentenceOf(acting.roles)),
  })
  .meta({ id: 'CompanyUser' })

export const customerStatus = z
  .enum(['active', 'blocked', 'anonymised'])
  .describe('Who is blocked cannot sign in; who is anonymised was erased for good.')

export const customer = z
  .object({
    id: customerId,
    idCustomer: z.int().describe(sentenceOf(record.idCustomer)),
    customerReference,
    email: shownEmail,
    emailVerified: z.boolean().describe(sentenceOf(record.emailVerified)),
    status: customerStatus,
    givenName: z.string().optional().describe(sentenceOf(record.givenName)),
    familyName: z.string().optional().describe(sentenceOf(record.familyName)),
    locale: z.string().optional().describe(sentenceOf(record.locale)),
    allowsSupport: z.boolean().optional().describe(sentenceOf(record.allowsSupport)),
    companyUsers: z.array(companyUser).describe(sentenceOf(record.companyUsers)),
  })
  .meta({ id: 'Customer' })

/** As an import has it, but with the password itself, which is judged and hashed here. */
export const newCustomer = importRecord.omit({ password: true }).extend({ password: newPassword.optional() })

export const companyUsers = record.companyUsers.unwrap().describe(sentenceOf(record.companyUsers))

export const customerChange = z.strictObject({
  email: email.optional(),
  givenName: text.max(255).nullable().optional().describe(sentenceOf(record.givenName)),
  familyName: text.max(255).nullable().optional().describe(sentenceOf(record.familyName)),
  locale: text.max(35).nullable().optional().describe(sentenceOf(record.locale)),
  allowsSupport: z.boolean().optional().describe(sentenceOf(record.allowsSupport)),
})
