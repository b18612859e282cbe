import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url))
/** Where the table is made that older versions ask. */
const FIRST = '0070'

/** What code that was written before would stumble over. */
const TAKES_AWAY = [
  /\bdrop\s+(table|column|view|constraint|default)\b|\.drop(Table|Column|Columns)\b/i,
  /\brename\b|\.rename(Table|Column)\b/i,
  /\balter\s+column\b[^;]*\b(type|set\s+not\s+null)\b/i,
  /\badd\s+column\b(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b/i,
  /\badd\s+(constraint|unique|check)\b/i,
]

const migrations = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.ts') && name > FIRST)
  .map((name) => ({ name, text: readFileSync(join(DIRECTORY, name), 'utf8') }))

/** The migrations that take something away without saying which code can do without. */
function unsafe(all: readonly { name: string; text: string }[]): string[] {
  return all
    .filter(({ text }) => !/^export const needs = '\d{4}-[\w-]+'$/m.test(text))
    .filter(({ text }) => TAKES_AWAY.some((pattern) => pattern.test(text.split('function down')[0] ?? '')))
    .map(({ name }) => name)
}

test('a migration that takes something away names the migration that code must know to do without', () => {
  expect(unsafe(migrations)).toEqual([])
})

test('the migration a contraction needs is an earlier one', () => {
  for (const { name, text } of migrations) {
    const [, needs] = /^export const needs = '([\w-]+)'$/m.exec(text) ?? []
    if (needs)
      expect([name, migrations.some((each) => each.name === `${needs}.ts` && each.name < name)]).toEqual([name, true])
  }
})

test('what takes away is told from what adds', () => {
  const inUp = (sql: string) => unsafe([{ name: sql, text: `export async function up() { raw(\`${sql}\`) }` }])
  for (const adds of [
    'create table a (b text not null)',
    'alter table a add column b text',
    "alter table a add column b text not null default ''",
    'create index c on a (b)',
    'alter table a alter column b drop not null',
  ])
    expect(inUp(adds)).toEqual([])
  for (const takes of [
    'drop table a',
    'alter table a drop column b',
    'alter table a rename column b to c',
    'alter table a add column b text not null',
    'alter table a alter column b set not null',
    'alter table a add constraint c check (b > 0)',
  ])
    expect(inUp(takes)).toEqual([takes])
  const text = "export const needs = '0071-b'\nexport async function up() { raw('drop table a') }"
  expect(unsafe([{ name: 'said', text }])).toEqual([])
})
