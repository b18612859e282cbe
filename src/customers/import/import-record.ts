import { z } from 'zod'
import { MAX_EMAIL_LENGTH } from '../../credentials/email.ts'
import { isStorable, textFlaw } from '../../database/storable.ts'

const text = z.string().refine(isStorable, { error: ({ input }) => textFlaw(String(input)) })
const name = text.min(1).max(255)
const uuid = z.guid().transform((value) => value.toLowerCase())
const integer = z.int().min(1).max(2_147_483_647)

const permission = z.strictObject({
  key: name.describe('The name of the permission, as shop services know it.'),
  idPermission: integer.nullish().describe('Its number in the shop system.'),
  configuration: z.unknown().optional().describe('Its limits, in the form of the shop system.'),
  configurationSignature: z.unknown().optional().describe('What its limits may be, in the form of the shop system.'),
})

/** A company role with its permissions, each key once. */
export const importRole = z.strictObject({
  id: uuid.optional().describe('The id of the role, a UUID.'),
  name: name.describe('The name of the role.'),
  permissions: z.array(permission).default([]).superRefine(eachKeyOnce).describe('What people in the role may do.'),
})

const status = z.enum(['approved', 'blocked'])

const company = z.strictObject({
  id: uuid.describe('The id of the company, a UUID.'),
  name: name.describe('The name of the company.'),
  status: status.optional().describe('Customers cannot act for a company that is blocked.'),
})

const businessUnit = z.strictObject({
  id: uuid.describe('The id of the business unit, a UUID.'),
  name: name.describe('The name of the business unit.'),
})

const companyUser = z.strictObject({
  id: uuid.describe('The id of the company user, a UUID.'),
  idCompanyUser: integer.optional().describe("The number that the shop's own database has for the company user."),
  company: company.describe('The company that the customer acts for.'),
  businessUnit: businessUnit.optional().describe('The part of the company that the customer belongs to.'),
  isActive: z.boolean().default(true).describe('Whether the customer may act for the company now.'),
  isDefault: z
    .boolean()
    .default(false)
    .describe('Whether the customer acts for this company unless another one is chosen.'),
  roles: z.array(importRole).default([]).describe('The roles of the customer in the company.'),
})

const password = z.strictObject({
  scheme: text.min(1).max(64).describe('The scheme of the hash; docs/how-to/import.md lists them.'),
  hash: text.min(1).max(1024).describe('The hash, as the other shop kept it.'),
  salt: text.max(256).nullish().describe('The salt, where the scheme keeps it apart from the hash.'),
})

/** A line of the import format: one customer. Keys it does not know are refused, so that a typo is not lost data. */
export const importRecord = z.strictObject({
  id: uuid.optional().describe('The id of the customer, a UUID; made where it is not given.'),
  email: text
    .max(MAX_EMAIL_LENGTH)
    .refine((value) => /^[^\s@]+@[^\s@]+$/.test(value.trim()), 'must be an e-mail address')
    .describe('The e-mail address, with which the customer signs in.'),
  customerReference: name.describe('What the shop calls the customer; no two customers have the same.'),
  idCustomer: integer.optional().describe('The number of the customer in the shop system; made where it is not given.'),
  givenName: text.max(255).nullish().describe('The given name.'),
  familyName: text.max(255).nullish().describe('The family name.'),
  locale: text.max(35).nullish().describe('The language of mails to the customer (BCP 47), such as de-CH.'),
  allowsSupport: z
    .boolean()
    .nullish()
    .describe('Whether agents may act for the customer where the shop asks for permission.'),
  emailVerified: z.boolean().optional().describe('Whether the customer has shown to read the mails of that address.'),
  status: z.enum(['active', 'blocked']).optional().describe('Who is blocked cannot sign in.'),
  password: password.optional().describe('The hash of the password; without it the customer has none.'),
  companyUsers: z
    .array(companyUser)
    .optional()
    .describe('The companies that the customer acts for, with the roles there.'),
})

/** A checked record: what `upsertCustomers` takes. */
export type ImportRecord = z.output<typeof importRecord>
/** A record as it is written by hand, defaults left out. */
export type ImportRecordInput = z.input<typeof importRecord>
export type ImportCompanyUser = z.output<typeof companyUser>
export type ImportRole = z.output<typeof importRole>

function eachKeyOnce(permissions: { readonly key: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>()
  for (const { key } of permissions) {
    if (seen.has(key)) context.addIssue({ code: 'custom', message: `names the permission "${key}" twice` })
    seen.add(key)
  }
}
