import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Block } from '../run/figures.ts'
import { renderChart } from './chart.ts'
import { renderTables } from './table.ts'

/** Writes table, figures, and a chart for each number of connections; returns the names of the files. */
export function writeResults(directory: string, blocks: readonly Block[], circumstances: object): string[] {
  const charts = [...new Set(blocks.map(({ connections }) => connections))].map((connections): [string, string] => {
    const ofThem = blocks.filter((block) => block.connections === connections)
    return [`chart-${connections}.svg`, renderChart(ofThem)]
  })
  const files: readonly [string, string][] = [
    ['table.md', renderTables(blocks)],
    ['figures.json', JSON.stringify({ ...circumstances, blocks }, undefined, 2)],
    ...charts,
  ]
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of files) writeFileSync(join(directory, name), `${text}\n`)
  return files.map(([name]) => name)
}
