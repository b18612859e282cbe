/** The page with each table between its marks, `<!-- name -->` and `<!-- /name -->`. */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
    const [start, end] = [text.indexOf(open), text.indexOf(close)]
    if (start < 0 || end < start) throw new Error(`the page has no place for the table "${name}"`)
    return `${text.slice(0, start + open.length)}\n${table}\n${text.slice(end)}`
  }, page)
}
