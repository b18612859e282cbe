import type { Dialect } from './dialect.ts'
import { spryker } from './spryker/index.ts'

/** Every dialect there is. To add one: a folder beside this file, and a line here. */
export const dialects: readonly Dialect[] = [spryker]

/**
 * The dialects named in DIALECTS.
 *
 * @throws when a name is none of them.
 */
export function selectDialects(names: readonly string[]): Dialect[] {
  return names.map((name) => {
    const found = dialects.find((dialect) => dialect.name === name)
    if (!found) {
      const known = dialects.map((dialect) => dialect.name).join(', ')
      throw new Error(`DIALECTS names "${name}", which is none of: ${known}. Correct the name or leave it out.`)
    }
    return found
  })
}
