import type { ImportRows } from './import-rows.ts'

/**
 * Remembers which companies, units and roles an import has stored already, so that a company of a thousand buyers is
 * written once and not a thousand times.
 */
export type WrittenRows = {
  /** The rows without those that are stored just so. */
  withoutKnown(rows: ImportRows): ImportRows
  /** The transaction of these rows went through. */
  add(rows: ImportRows): void
  /** Another process may have changed what is stored. */
  forget(): void
}

/** Beyond this the memory starts anew; a few hundred bytes each. */
const LIMIT = 200_000

export function createWrittenRows(): WrittenRows {
  const contents = new Map<string, string>()
  const isKnown = (id: unknown, content: string) => contents.get(String(id)) === content

  return {
    withoutKnown(rows) {
      const roleContents = contentsOfRoles(rows)
      const isKnownRole = (id: unknown) => isKnown(id, roleContents.get(String(id)) ?? '')
      return {
        ...rows,
        companies: rows.companies.filter((row) => !isKnown(row.id, JSON.stringify(row))),
        businessUnits: rows.businessUnits.filter((row) => !isKnown(row.id, JSON.stringify(row))),
        roles: rows.roles.filter((row) => !isKnownRole(row.id)),
        permissions: rows.permissions.filter((row) => !isKnownRole(row.company_role_id)),
        replacedRoles: rows.replacedRoles.filter((id) => !isKnownRole(id)),
      }
    },
    add(rows) {
      if (contents.size > LIMIT) contents.clear()
      for (const row of [...rows.companies, ...rows.businessUnits]) contents.set(String(row.id), JSON.stringify(row))
      for (const [id, content] of contentsOfRoles(rows)) contents.set(id, content)
    },
    forget: () => contents.clear(),
  }
}

function contentsOfRoles(rows: ImportRows): Map<string, string> {
  const contents = new Map(rows.roles.map((row) => [String(row.id), JSON.stringify(row)]))
  for (const row of rows.permissions) {
    const id = String(row.company_role_id)
    contents.set(id, `${contents.get(id) ?? ''}\n${JSON.stringify(row)}`)
  }
  return contents
}
