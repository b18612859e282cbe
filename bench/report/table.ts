import { type Block, hasFailed, type Ratio, type Row, ratio } from '../run/figures.ts'

const HEAD = ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs', 'stores µs', '÷ ceiling', 'by CPU']

/** The blocks as tables in Markdown, with what failed below each. */
export function renderTables(blocks: readonly Block[]): string {
  return blocks.map((block) => renderTable(block, blocks)).join('\n\n')
}

/** One block as a table; `all` has the scenario that it is compared with. */
export function renderTable(block: Block, all: readonly Block[]): string {
  const { rows, scenario, connections } = block
  const ceiling = rows.find(({ kind }) => kind === 'ceiling')
  const peers = rows.filter(({ kind }) => kind === 'peer')
  const head = [...HEAD, ...peers.flatMap(({ contestant }) => [`÷ ${contestant.split(' + ')[0]}`, 'by CPU'])]
  const lines = rows.map((row) => [
    row.contestant,
    ...measured(row),
    ...compared(row === ceiling ? undefined : ratio(row, ceiling)),
    ...peers.flatMap((peer) => compared(row.kind === 'ours' ? ratio(row, peer) : undefined)),
  ])
  const problems = rows.filter(hasFailed).map(problemOf)
  const sameAs = comparisons(block, all)
  return [
    `### ${scenario}, ${connections} connection${connections === 1 ? '' : 's'}`,
    '',
    ...markdown([head, ...lines]),
    ...(problems.length > 0 || sameAs.length > 0 ? ['', ...problems, ...sameAs] : []),
  ].join('\n')
}

function measured({ figures, ...row }: Row): string[] {
  if (hasFailed({ figures, ...row })) return ['failed', '', '', '', '']
  const { perSecond, p50Ms, p99Ms, serverUs, storesUs } = figures
  return [count(perSecond), p50Ms.toFixed(1), p99Ms.toFixed(1), micros(serverUs), micros(storesUs)]
}

function compared(to: Ratio | undefined): string[] {
  return to ? [to.perSecond.toFixed(2), to.cpu?.toFixed(2) ?? ''] : ['', '']
}

/** Our ways to do this scenario beside the same in the scenario that should cost as much. */
function comparisons({ rows, connections, sameAs }: Block, all: readonly Block[]): string[] {
  const other = all.find((each) => each.scenario === sameAs && each.connections === connections)
  return rows
    .filter(({ kind }) => kind === 'ours')
    .flatMap((row) => {
      const same = ratio(
        row,
        other?.rows.find(({ contestant }) => contestant === row.contestant),
      )
      return same
        ? [`${row.contestant}: ${same.perSecond.toFixed(2)} of "${sameAs}", ${same.cpu?.toFixed(2)} by CPU.`]
        : []
    })
}

function problemOf({ contestant, figures }: Row): string {
  return `**${contestant} failed**: ${figures.errors} errors in ${figures.requests} requests, first: ${figures.firstError}`
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en')
}

function micros(number: number | undefined): string {
  return number === undefined ? '' : number < 100 ? number.toFixed(1) : Math.round(number).toString()
}

/** Columns as wide as their widest cell, so that the terminal shows a table too. */
function markdown(table: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = table
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...body.map(line)]
}
