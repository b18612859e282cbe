import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Cost } from './measure.ts'

/** What one turn of a scenario cost in a shop of a size. */
export type Point = Cost & { readonly scenario: string; readonly customers: number }

/** What a request costs at each size, from the smallest. */
export type Row = { readonly scenario: string; readonly costs: readonly (Cost & { readonly customers: number })[] }

/** Points in a file, one a line, written as they come: a run that is ended early has lost none. */
export type PointFile = { add(point: Point): void; all(): Point[] }

/** Begins a file of points, or with `isContinued` goes on with the one that is there. */
export function openPointFile(path: string, isContinued: boolean): PointFile {
  mkdirSync(dirname(path), { recursive: true })
  if (!isContinued) rmSync(path, { force: true })
  return {
    add: (point) => appendFileSync(path, `${JSON.stringify(point)}\n`),
    all: () =>
      existsSync(path)
        ? readFileSync(path, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Point) // written by `add`
        : [],
  }
}

/** The middle one of a scenario's turns at a size, of those of the second half: before, code is still being compiled. */
export function rowsOf(points: readonly Point[]): Row[] {
  const sizes = [...new Set(points.map(({ customers }) => customers))].toSorted((a, b) => a - b)
  const scenarios = [...new Set(points.map(({ scenario }) => scenario))]
  return scenarios.map((scenario) => ({
    scenario,
    costs: sizes.flatMap((customers) => {
      const its = points.filter((point) => point.scenario === scenario && point.customers === customers)
      return its.length === 0 ? [] : [{ customers, ...middle(its.slice(Math.floor(its.length / 2))) }]
    }),
  }))
}

/** One turn's, so that server and stores belong together. */
function middle(costs: readonly Cost[]): Cost {
  const sorted = costs.toSorted((a, b) => a.serverUs + a.storesUs - b.serverUs - b.storesUs)
  const { serverUs = 0, storesUs = 0 } = sorted[Math.floor((sorted.length - 1) / 2)] ?? {}
  return { serverUs, storesUs }
}
