/** True for software of others whose `resource_scopes` were never said: it could ask every resource server for everything. */
export function isUnlimited({
  first_party,
  resource_scopes,
}: {
  readonly first_party?: boolean | undefined
  readonly resource_scopes?: readonly string[] | undefined
}): boolean {
  return first_party !== true && resource_scopes === undefined
}

/**
 * Whether a client may ask for a scope as far as who it is decides: software that no operator knows changes nothing for people, whatever
 * they consent to.
 */
export function mayAskAsStranger(
  { document }: { readonly document?: { readonly isListed: boolean } | undefined },
  scope: string,
): boolean {
  return document === undefined || document.isListed || !scope.endsWith(':manage')
}

/** What an operator reads of a client that is unlimited. */
export const HOW_TO_LIMIT =
  'list in resource_scopes what it may ask of resource servers ("*" at the end of a name matches the rest, [] is nothing), ' +
  'or say first_party: true if it is your own software'
