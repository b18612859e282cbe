import { normalizeEmail } from '../../credentials/email.ts'
import { createDigestLines } from './digest-lines.ts'
import type { ImportRecord } from './import-record.ts'

export type NamesInFile = {
  /**
   * Why the record cannot be taken: an earlier line has one of its names. Otherwise the names are this line's from now
   * on, whatever the database says to it.
   */
  twice(record: ImportRecord, line: number): string | undefined
}

/** Sees that each customer comes once in a file. */
export function createNamesInFile(): NamesInFile {
  const lines = createDigestLines()
  return {
    twice(record, line) {
      const names = namesOf(record)
      for (const { name, shown, key } of names) {
        const earlier = lines.find(key)
        if (earlier !== undefined) return `${shown} is on line ${earlier} already; each ${name} comes once in a file`
      }
      for (const { key } of names) lines.add(key, line)
      return undefined
    },
  }
}

/** What tells a customer from all others. An address is not shown: reasons are kept and logged. */
function namesOf({ customerReference, id, email, idCustomer }: ImportRecord) {
  const given = [
    { name: 'customerReference', value: customerReference },
    { name: 'id', value: id },
    { name: 'email', value: normalizeEmail(email) },
    { name: 'idCustomer', value: idCustomer },
  ]
  return given.flatMap(({ name, value }) =>
    value === undefined
      ? []
      : [{ name, shown: name === 'email' ? name : `${name} ${value}`, key: `${name}\n${value}` }],
  )
}
