/**
 * Computes what a load needs from what one request costs, and writes the tables into docs/capacity.md.
 *
 * npm run bench:capacity
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withTables } from './capacity/in-page.ts'
import { capacityTables } from './capacity/tables.ts'

const PAGE = fileURLToPath(new URL('../docs/capacity.md', import.meta.url))

const tables = capacityTables()
for (const table of Object.values(tables)) console.log(`${table}\n`)
writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), tables))
