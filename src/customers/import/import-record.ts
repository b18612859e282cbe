import { z } from 'zod'
import { MAX_EMAIL_LENGTH } from '../../credentials/email.ts'
import { isStorable, textFlaw } from '../../database/storable.ts'

const text = z.string().refine(isStorable, { error: ({ input }) => textFlaw(String(input)) })
const name = text.min(1).max(255)
const uuid = z.guid().transform((value) => value.toLowerCase())
const integer = z.int().min(1).max(2_147_483_647)

const permission = z.strictObject({
  key: name,
  idPermission: integer.nullish(),
  configuration: z.unknown().optional(),
  configurationSignature: z.unknown().optional(),
})

/** A company role with its permissions, each key once. */
export const importRole = z.strictObject({
  id: uuid.optional(),
  name,
  permissions: z.array(permission).default([]).superRefine(eachKeyOnce),
})

const status = z.enum(['approved', 'blocked'])

const companyUser = z.strictObject({
  id: uuid,
  company: z.strictObject({ id: uuid, name, status: status.optional() }),
  businessUnit: z.strictObject({ id: uuid, name }).optional(),
  isActive: z.boolean().default(true),
  isDefault: z.boolean().default(false),
  roles: z.array(importRole).default([]),
})

const password = z.strictObject({
  scheme: text.min(1).max(64),
  hash: text.min(1).max(1024),
  salt: text.max(256).nullish(),
})

/** A line of the import format: one customer. Keys it does not know are refused, so that a typo is not lost data. */
export const importRecord = z.strictObject({
  id: uuid.optional(),
  email: text
    .max(MAX_EMAIL_LENGTH)
    .refine((value) => /^[^\s@]+@[^\s@]+$/.test(value.trim()), 'must be an e-mail address'),
  customerReference: name,
  idCustomer: integer.optional(),
  givenName: text.max(255).nullish(),
  familyName: text.max(255).nullish(),
  locale: text.max(35).nullish(),
  emailVerified: z.boolean().optional(),
  status: z.enum(['active', 'blocked']).optional(),
  password: password.optional(),
  companyUsers: z.array(companyUser).optional(),
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
