import { type Block, hasFailed, type Row } from '../run/figures.ts'

const WIDTH = 900
const MARGIN = 20
const NAMES_END = 330
const BAR = 16
const GAP = 4
const HEADING = 34
const LONGEST_BAR = 330

/** Legible on light and on dark pages, also where the picture is embedded and knows no style of the page. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .scenario { font-weight: 600 }
  .paper { fill: #ffffff }
  .ceiling { fill: #8c959f }
  .peer { fill: #54aeff }
  .ours { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .paper { fill: #0d1117 }
    .ceiling { fill: #6e7681 }
    .peer { fill: #388bfd }
    .ours { fill: #3fb950 }
  }`

/** Blocks of one number of connections as bars; within a scenario their lengths are requests a second. */
export function renderChart(blocks: readonly Block[]): string {
  const connections = blocks[0]?.connections ?? 0
  const drawn: string[] = []
  let top = 56
  for (const block of blocks) {
    drawn.push(text(MARGIN, top + 20, block.scenario, 'scenario'))
    top += HEADING
    const longest = Math.max(...block.rows.filter((row) => !hasFailed(row)).map(({ figures }) => figures.perSecond), 1)
    for (const row of block.rows) {
      drawn.push(...bar(row, top, longest))
      top += BAR + GAP
    }
  }
  const title = `Requests a second, ${connections} connection${connections === 1 ? '' : 's'}, and processor time for each`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + MARGIN}" role="img" aria-label="${xml(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${top + MARGIN}"/>`,
    text(MARGIN, 34, title, 'title'),
    ...drawn,
    '</svg>',
  ].join('\n')
}

function bar(row: Row, top: number, longest: number): string[] {
  const { perSecond, serverUs } = row.figures
  const name = `<text x="${NAMES_END - 10}" y="${top + 13}" text-anchor="end">${xml(row.contestant)}</text>`
  if (hasFailed(row)) return [name, text(NAMES_END, top + 13, 'failed')]
  const length = Math.max(1, Math.round((perSecond / longest) * LONGEST_BAR))
  const work = serverUs === undefined ? '' : `, ${Math.round(serverUs).toLocaleString('en')} µs`
  const label = `${Math.round(perSecond).toLocaleString('en')}/s${work}`
  return [
    name,
    `<rect class="${row.kind}" x="${NAMES_END}" y="${top}" width="${length}" height="${BAR}" rx="2"/>`,
    text(NAMES_END + length + 8, top + 13, label),
  ]
}

function text(x: number, y: number, content: string, style?: string): string {
  return `<text x="${x}" y="${y}"${style === undefined ? '' : ` class="${style}"`}>${xml(content)}</text>`
}

function xml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
