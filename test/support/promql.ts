/** What an expression of Prometheus asks for: its metrics, and the labels it takes them by. */
export type Asked = { readonly metrics: readonly string[]; readonly labels: readonly string[] }

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'without', 'on', 'ignoring', 'inf', 'nan'])

/** Reads the metrics and labels out of PromQL: enough of it for dashboards and alert rules. */
export function askedBy(expression: string): Asked {
  const labels = new Set<string>()
  const rest = expression
    .replace(/\{([^}]*)\}/g, (_, matchers: string) => {
      for (const [, name] of matchers.matchAll(/([a-z_]\w*)\s*(?:=~|!~|!=|=)\s*"/gi)) labels.add(String(name))
      return ''
    })
    .replace(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_, names: string) => {
      for (const name of names.split(',')) labels.add(name.trim())
      return ''
    })
    .replace(/\[[^\]]*\]/g, '')
  const names = [...rest.matchAll(/[a-z_:][\w:]*(?!\w*\s*\()/gi)].map(([name]) => name)
  return { metrics: [...new Set(names.filter((name) => !WORDS.has(name.toLowerCase())))], labels: [...labels] }
}

export type Exported = { readonly metrics: ReadonlySet<string>; labelsOf(metric: string): ReadonlySet<string> }

/** What a page in Prometheus' text format exports, series of histograms by their own names. */
export function exportedBy(page: string): Exported {
  const metrics = new Set<string>()
  const labels = new Map<string, Set<string>>()
  for (const [, name = '', type] of page.matchAll(/^# TYPE (\S+) (\S+)/gm)) {
    metrics.add(name)
    if (type === 'histogram' || type === 'summary')
      for (const end of ['_bucket', '_sum', '_count']) metrics.add(name + end)
  }
  for (const [, name = '', pairs = ''] of page.matchAll(/^([a-z_:][\w:]*)(?:\{(.*)\})? \S+$/gim)) {
    const known = labels.get(name) ?? new Set()
    for (const [, label] of pairs.matchAll(/([a-z_]\w*)="/gi)) known.add(String(label))
    labels.set(name, known)
  }
  return { metrics, labelsOf: (metric) => labels.get(metric) ?? new Set() }
}
