import type { Row } from './points.ts'

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 420, 60, 190, 60, 50]
const COLOURS = ['#1a7f37', '#0969da', '#8250df', '#bc4c00']

/** Between the second and the last a cost counts as flat. */
const LEVELS = [0.5, 0.85, 1, 1.15]

/** Each scenario's cost by its cost at the smallest size, over sizes by powers of ten; flat is a level line at 1. */
export function renderCurves(title: string, rows: readonly Row[]): string {
  const sizes = rows[0]?.costs.map(({ customers }) => customers) ?? []
  const ratios = rows.map(({ costs }) => {
    const totals = costs.map(({ serverUs, storesUs }) => serverUs + storesUs)
    return totals.map((total) => total / (totals[0] ?? 1))
  })
  const highest = Math.max(1.5, ...ratios.flat())
  const [smallest, largest] = [Math.log10(sizes[0] ?? 1), Math.log10(sizes.at(-1) ?? 10)]
  const x = (size: number) =>
    LEFT + ((Math.log10(size) - smallest) / Math.max(1e-9, largest - smallest)) * (WIDTH - LEFT - RIGHT)
  const y = (ratio: number) => HEIGHT - BOTTOM - (ratio / highest) * (HEIGHT - TOP - BOTTOM)
  const level = (ratio: number) =>
    `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(ratio)}" y2="${y(ratio)}"/>${text(LEFT - 8, y(ratio) + 4, ratio.toFixed(2), 'end')}`
  const curves = rows.map(({ scenario }, index) => {
    const its = ratios[index] ?? []
    const colour = COLOURS[index % COLOURS.length]
    const points = its.map((ratio, at) => [x(sizes[at] ?? 1).toFixed(1), y(ratio).toFixed(1)] as const)
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map((at) => at.join(',')).join(' ')}"/>`,
      ...points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colour}"/>`),
      `<rect x="${WIDTH - RIGHT + 16}" y="${TOP + index * 24}" width="12" height="12" fill="${colour}"/>`,
      text(WIDTH - RIGHT + 34, TOP + 11 + index * 24, `${scenario}: ${(its.at(-1) ?? 1).toFixed(2)}`, 'start'),
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    '<style>text { font: 13px system-ui, sans-serif; fill: #1f2328 } .grid { stroke: #8c959f; stroke-dasharray: 2 4 }</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 30, `${title}, ÷ that of the smallest shop`, 'start'),
    ...LEVELS.map(level),
    ...sizes.map((size) => text(x(size), HEIGHT - BOTTOM + 22, size.toLocaleString('en'), 'middle')),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, 'customers, each with a live sign-in', 'middle'),
    ...curves,
    '</svg>',
  ].join('\n')
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`
}
