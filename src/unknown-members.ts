import { closestMatch } from 'leven'

/** What can be said about members that a schema does not have. */
type Owner = {
  /** "a client" */
  readonly of: string
  readonly members: readonly string[]
  /** Members that others know, each with what to do instead. */
  readonly refused: Readonly<Record<string, string>>
  /** Where all members are listed. */
  readonly page: string
}

/** Looking for what was meant takes time: what has more of them is no slip. */
const MOST_NAMED = 20

/** The complaint about members that do not exist, each with the nearest name. */
export function unknownMembers(names: readonly string[], { of, members, refused, page }: Owner): string {
  const known = new Map(Object.entries(refused))
  const named = names
    .slice(0, MOST_NAMED)
    .map((name) => `"${name}" ${known.get(name) ?? `is no member of ${of}${nearestName(name, members, page)}`}`)
  const rest = names.length - named.length
  return [...named, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
}

/** Three letters off is a slip; more is another word. */
function nearestName(name: string, members: readonly string[], page: string): string {
  const nearest = closestMatch(name, [...members], { maxDistance: 3 })
  return nearest ? `: did you mean "${nearest}"?` : `; ${page} lists them`
}
