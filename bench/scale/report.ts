import { markdownTable } from '../report/columns.ts'
import type { Row } from './points.ts'

/** A table in Markdown: a line for each scenario, and the largest size by the smallest. */
export function renderScale(rows: readonly Row[]): string {
  const sizes = rows[0]?.costs.map(({ customers }) => customers.toLocaleString('en')) ?? []
  const head = ['µs of processor: server + stores', ...sizes, 'last ÷ first']
  const lines = rows.map(({ scenario, costs }) => {
    const totals = costs.map(({ serverUs, storesUs }) => serverUs + storesUs)
    const cells = costs.map(({ serverUs, storesUs }) =>
      storesUs > 0 ? `${Math.round(serverUs)} + ${Math.round(storesUs)}` : String(Math.round(serverUs)),
    )
    return [scenario, ...cells, ((totals.at(-1) ?? 0) / (totals[0] ?? 1)).toFixed(2)]
  })
  return markdownTable(head, lines)
}
