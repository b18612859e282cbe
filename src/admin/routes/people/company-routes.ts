import { z } from 'zod'
import { importRole } from '../../../customers/import/import-record.ts'
import type { Company, CompanyRecords } from '../../../customers/records/company-records.ts'
import type { EndTakenAway } from '../../../customers/taken-away.ts'
import type { Changed } from '../../../database/revision.ts'
import { changedMeanwhile, Problem } from '../../problem.ts'
import { companyUserId, customerId, customerReference, sentenceOf } from '../fields.ts'
import { noteChange } from '../note-change.ts'
import { type Route, route } from '../route.ts'
import { name, pageOf, pageQuery } from '../shapes.ts'
import { businessUnit, companyRole, isActive, isDefault, shownCompany } from './customer-shapes.ts'

const { status } = shownCompany.shape
const listed = shownCompany.meta({ id: 'ListedCompany' })
const company = shownCompany
  .extend({
    businessUnits: z.array(businessUnit).describe('The parts of the company that its people belong to.'),
    roles: z.array(companyRole).describe('The roles that its people can have.'),
  })
  .meta({ id: 'Company' })
const companyUser = z
  .object({
    id: companyUserId,
    customerId,
    customerReference,
    businessUnitId: businessUnit.shape.id.optional(),
    isActive,
    isDefault,
    roleIds: z.array(z.string()).describe('The ids of its roles.'),
  })
  .meta({ id: 'ListedCompanyUser' })
const companyName = name.describe(sentenceOf(shownCompany.shape.name))
const params = z.object({ id: shownCompany.shape.id })

export type CompanyRouteDeps = { readonly companyRecords: CompanyRecords; readonly endTakenAway: EndTakenAway }

/** Companies that customers act for. Whom they act as is given with the customer. */
export function companyRoutes({ companyRecords, endTakenAway }: CompanyRouteDeps): Route[] {
  const read = { method: 'GET', permission: 'companies:read' } as const
  const act = { permission: 'companies:write', result: company, audit: 'company.changed' } as const
  const change = { ...act, revision: 'expected', refusals: [404] } as const

  return [
    route({
      ...read,
      path: '/v1/companies',
      summary: 'Companies, by id',
      query: pageQuery,
      result: pageOf(listed),
      handle: ({ query }) => companyRecords.list(query),
    }),
    route({
      ...act,
      method: 'POST',
      path: '/v1/companies',
      summary: 'Make a company',
      body: z.strictObject({
        id: z.guid().optional().describe('The id that the company is to have; made where it is not given.'),
        name: companyName,
      }),
      status: 201,
      revision: 'shown',
      refusals: [409],
      async handle({ body, note }) {
        const created = await companyRecords.create(body)
        if (created) {
          note({ after: audited(created) })
          return created
        }
        throw new Problem(409, 'company-exists', `A company with the id "${body.id}" already exists.`)
      },
    }),
    route({
      ...read,
      path: '/v1/companies/{id}',
      summary: 'One company with its business units and roles',
      params,
      result: company,
      revision: 'shown',
      refusals: [404],
      handle: async ({ params: { id } }) => known(await companyRecords.find(id), id),
    }),
    route({
      ...change,
      method: 'PATCH',
      path: '/v1/companies/{id}',
      summary: 'Rename, block or approve a company; blocking it ends every sign-in that acts for it',
      params,
      body: z.strictObject({ name: companyName.optional(), status: status.optional() }),
      async handle({ params: { id }, body, seen, actor, note }) {
        const { changed: outcome, takenAway } = await companyRecords.change(id, seen, body)
        noteChange(note, outcome, audited)
        if (takenAway) await endTakenAway(takenAway, actor.name)
        return changed(outcome, id)
      },
    }),
    route({
      ...change,
      method: 'PUT',
      path: '/v1/companies/{id}/business-units/{unit}',
      summary: 'Create or rename a business unit',
      params: params.extend({
        unit: z.guid().describe('The id of the business unit, a UUID of your choice for a new one.'),
      }),
      body: z.strictObject({ name: name.describe(sentenceOf(businessUnit.shape.name)) }),
      async handle({ params: { id, unit }, body, seen, note }) {
        const outcome = await companyRecords.putBusinessUnit(id, seen, { id: unit, ...body })
        noteChange(note, outcome, audited)
        return changed(outcome, id)
      },
    }),
    route({
      ...change,
      method: 'PUT',
      path: '/v1/companies/{id}/roles/{role}',
      summary: 'Create a role, or replace its name and permissions',
      params: params.extend({ role: z.guid().describe('The id of the role, a UUID of your choice for a new one.') }),
      body: importRole.omit({ id: true }),
      async handle({ params: { id, role }, body, seen, note }) {
        const outcome = await companyRecords.putRole(id, seen, role, body)
        noteChange(note, outcome, audited)
        return changed(outcome, id)
      },
    }),
    route({
      ...read,
      path: '/v1/companies/{id}/company-users',
      summary: 'Company users of a company, by id',
      params,
      query: pageQuery,
      result: pageOf(companyUser),
      handle: ({ params: { id }, query }) => companyRecords.companyUsers(id, query),
    }),
  ]
}

/** A company is no person: its names may be told. */
function audited({ id, name: companyName, status, businessUnits, roles }: Company): object {
  return {
    id,
    companyName,
    status,
    businessUnits: businessUnits.map((unit) => `${unit.id} ${unit.name}`),
    roles: roles.map((role) => [`${role.id} ${role.name}:`, ...role.permissions.map(({ key }) => key)].join(' ')),
  }
}

function changed(outcome: Changed<Company>, id: string): Company {
  if (outcome.outcome === 'changed-meanwhile') throw changedMeanwhile()
  return known(outcome.outcome === 'changed' ? outcome.now : undefined, id)
}

function known(found: Company | undefined, id: string): Company {
  if (found) return found
  throw new Problem(404, 'unknown-company', `There is no company with the id "${id}".`)
}
