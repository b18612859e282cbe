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

/** The complaint about members that do not exist, each with the nearest name. */
export function unknownMembers(names: readonly string[], { of, members, refused, page }: Owner): string {
  return names
    .map((name) => `"${name}" ${refused[name] ?? `is no member of ${of}${nearestName(name, members, page)}`}`)
    .join('; ')
}

/** Three letters off is a slip; more is another word. */
function nearestName(name: string, members: readonly string[], page: string): string {
  const nearest = closestMatch(name, [...members], { maxDistance: 3 })
  return nearest ? `: did you mean "${nearest}"?` : `; ${page} lists them`
}
