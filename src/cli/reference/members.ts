import { z } from 'zod'
import { printJson, printTable } from '../command/print.ts'

/** A member with what it takes, as a reference page and the command `members` say it. */
export type MemberRow = { readonly name: string; readonly takes: string; readonly sentence: string }

/** The members of a schema. */
export function memberRows(members: Readonly<Record<string, z.ZodType>>): MemberRow[] {
  return Object.entries(members).map(([name, schema]) => ({
    name,
    takes: takesOf(z.toJSONSchema(schema, { io: 'input' })),
    sentence: schema.description ?? '',
  }))
}

/** The lines of a Markdown table. */
export function memberTable(rows: readonly MemberRow[]): string[] {
  return [
    '| member | takes | what it does |',
    '|---|---|---|',
    ...rows.map(({ name, takes, sentence }) => `| \`${name}\` | ${takes} | ${sentence} |`),
  ]
}

/** The answer of a command `members`. */
export function printMembers(rows: readonly MemberRow[], isJson: boolean): void {
  const cells = rows.map(({ name, takes, sentence }) => [name, takes, sentence])
  if (isJson) printJson({ members: rows })
  else printTable(['MEMBER', 'TAKES', 'WHAT IT DOES'], cells)
}

type Json = {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: string
  readonly items?: object
}

function takesOf(schema: object): string {
  const { type, enum: values, const: only, items } = schema as Json // JSON Schema, as zod writes it
  if (values) return values.map((value) => `\`${value}\``).join(', ')
  if (only !== undefined) return `\`${only}\``
  if (type === 'array') return `list of ${takesOf(items ?? {})}s`
  if (type === 'boolean') return 'true or false'
  if (type === 'integer') return 'whole number'
  return type === 'object' ? 'object' : 'text'
}
