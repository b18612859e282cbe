/** A form of the protocol library, taken apart so that our pages can draw it themselves. */
export type LibraryForm = {
  /** Path and query only: the form stays on the origin that serves the page. */
  readonly action: string
  /** The hidden fields. */
  readonly fields: Readonly<Record<string, string>>
  /** What the person had typed, in the field that is not hidden. */
  readonly typed?: string
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/**
 * Reads action and inputs out of the library's form.
 *
 * @throws when there is no action: the library changed its form and this must follow.
 */
export function readLibraryForm(html: string): LibraryForm {
  const action = attribute(html.match(/<form\b[^>]*>/)?.[0] ?? '', 'action')
  if (!action) throw new Error('The form of the protocol library has no action.')
  const { pathname, search } = new URL(action, 'http://localhost')

  const inputs = html.match(/<input\b[^>]*>/g) ?? []
  const hidden = inputs.filter((input) => attribute(input, 'type') === 'hidden')
  const typed = inputs.find((input) => attribute(input, 'type') === 'text')
  return {
    action: pathname + search,
    fields: Object.fromEntries(
      hidden.map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
    ),
    typed: typed && attribute(typed, 'value'),
  }
}

function attribute(tag: string, name: string): string | undefined {
  const value = tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1]
  return value?.replace(/&(#39|\w+);/g, (entity, key: string) => entities[key] ?? entity)
}
