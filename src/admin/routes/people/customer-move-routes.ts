import { z } from 'zod'
import type { CustomerOperations } from '../../../customers/records/customer-operations.ts'
import { Problem } from '../../problem.ts'
import { customerId, customerReference } from '../fields.ts'
import { progressOf } from '../progress.ts'
import { type Route, route } from '../route.ts'
import { name } from '../shapes.ts'

const importQuery = z.strictObject({
  name: name.default('upload').describe('The name of the import, for `resume` and the status of the migration.'),
  resume: z.stringbool().default(false).describe('Continues the import of this name after its last line.'),
  dryRun: z.stringbool().default(false).describe('Reports what the import would do, and changes nothing.'),
  wrap: z.stringbool().default(true).describe('Wraps fast hashes in argon2id when the lines are in.'),
  refusedLines: z
    .stringbool()
    .default(false)
    .describe('Each problem comes with its line as it was given: it may hold a hash.'),
  totalBytes: z.coerce.number().int().positive().optional().describe('The size of the file, for the time left.'),
})
const progress = z
  .looseObject({})
  .describe('`{"progress":…}` and `{"problem":…}` during the work, `{"report":…}` at the end.')
const params = z.object({ customer: z.string().describe('The customerReference.') })

/** Moving customers in and out, and what the law asks for. */
export function customerMoveRoutes({ operations }: { readonly operations: CustomerOperations }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/customers/import',
      summary: 'Import customers, one JSON object per line',
      permission: 'customers:move',
      query: importQuery,
      takesLines: true,
      result: progress,
      audit: 'customers.imported',
      lines: ({ query: { totalBytes, refusedLines, ...options }, stream, actor }) =>
        progressOf(async (emit, signal) => {
          const settings = {
            ...options,
            by: actor.name,
            ...(totalBytes && { totalBytes }),
            signal,
            onProgress: (progress: object) => emit({ progress }),
            onProblem: (problem: object, text: string | undefined) =>
              emit({ problem, ...(refusedLines && text !== undefined && { text }) }),
          }
          const report = await operations.import(stream, settings)
          emit({ report })
        }),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/wrap',
      summary: 'Wrap imported fast hashes in argon2id',
      permission: 'customers:move',
      result: progress,
      audit: 'customers.imported',
      lines: () =>
        progressOf(async (emit, signal) => {
          emit({ report: await operations.wrapFastHashes({ signal, onProgress: (progress) => emit({ progress }) }) })
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/customers/migration',
      summary: 'Password schemes still in use, and the newest imports',
      permission: 'customers:read',
      result: z.looseObject({
        customers: z.int().describe('How many customers there are.'),
        stragglers: z.int().describe('How many of them have a password that is not in the scheme of this server yet.'),
        schemes: z.array(z.looseObject({})).describe('How many passwords are kept in which scheme and state.'),
      }),
      handle: async () => ({ ...(await operations.migrationStatus()) }),
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/password',
      summary: 'How the password of a customer is kept',
      description:
        'Never the hash. "wrapped" is a fast hash of another shop inside argon2id, "bare" one that waits for it, "legacy" a slow one of another shop.',
      permission: 'customers:read',
      params: z.object({ customer: z.string().describe('The id, or the customerReference.') }),
      result: z.object({
        scheme: z.string().optional().describe('The scheme of the hash; absent where there is no password.'),
        state: z.enum(['current', 'bare', 'wrapped', 'legacy', 'none']).describe('How it is kept, as said above.'),
      }),
      refusals: [404],
      handle: async ({ params: { customer } }) => (await operations.passwordState(customer)) ?? notFound(customer),
    }),
    route({
      method: 'GET',
      path: '/v1/customers/export',
      summary: 'Export all customers, one JSON object per line',
      permission: 'customers:move',
      alsoNeeds: ({ query }) => (query.hashes ? 'customers:export-hashes' : undefined),
      query: z.strictObject({
        hashes: z
          .stringbool()
          .default(false)
          .describe('Exports the password hashes as well, which needs a permission more.'),
      }),
      result: z.looseObject({ customerReference }),
      audit: 'customer.exported',
      lines: ({ query }) => operations.exportAll({ withHashes: query.hashes }),
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/personal-data',
      summary: 'Export all data about one customer',
      permission: 'personal-data:export',
      params,
      result: z.looseObject({}),
      refusals: [404],
      audit: 'customer.exported',
      handle: async ({ params: { customer: reference } }) =>
        (await operations.exportPersonalData(reference)) ?? notFound(reference),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/erase',
      summary: 'Anonymise a customer for good',
      permission: 'customers:erase',
      params,
      result: z.object({ outcome: z.literal('erased').describe('What was done.'), customerId }),
      refusals: [404],
      audit: 'customer.erased',
      about: (_, { customerId }) => ({ customerId }),
      async handle({ params: { customer: reference }, actor }) {
        const erasure = await operations.erase(reference, actor.name)
        return erasure.outcome === 'erased' ? erasure : notFound(reference)
      },
    }),
  ]
}

function notFound(reference: string): never {
  throw new Problem(404, 'unknown-customer', `There is no customer with the reference "${reference}".`)
}
