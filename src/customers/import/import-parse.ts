import type { z } from 'zod'
import type { StoredPassword } from '../../credentials/stored-password.ts'
import { toStorable, unstorable } from '../../database/storable.ts'
import type { ImportLine } from './import-lines.ts'
import { type ImportRecord, importRecord } from './import-record.ts'
import { lineFlaw } from './line-flaws.ts'

export type ParsedLine =
  | { readonly outcome: 'parsed'; readonly record: ImportRecord }
  | { readonly outcome: 'refused'; readonly reason: string; readonly customerReference?: string }

/** Makes a record of a line. A reason never repeats a value of the line: reports must not carry hashes or addresses. */
export function parseLine(
  { text, flaw: unread }: Pick<ImportLine, 'text' | 'flaw'>,
  passwordProblem: (stored: StoredPassword) => string | undefined,
): ParsedLine {
  if (text === undefined) return { outcome: 'refused', reason: unread ?? 'is empty' }
  const json = parseJson(text)
  if (json === undefined) return { outcome: 'refused', reason: 'is not JSON' }
  const flaw = unstorable(json)
  if (flaw) return { outcome: 'refused', reason: flaw, ...referenceOf(json) }
  const parsed = importRecord.safeParse(json, { error: lineFlaw })
  if (!parsed.success) return { outcome: 'refused', reason: explain(parsed.error), ...referenceOf(json) }
  const { password, customerReference } = parsed.data
  const reason = password && passwordProblem({ ...password, salt: password.salt ?? undefined })
  return reason ? { outcome: 'refused', reason, customerReference } : { outcome: 'parsed', record: parsed.data }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function explain(error: z.ZodError): string {
  const reasons = error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
  return reasons.length <= 3 ? reasons.join('; ') : `${reasons.slice(0, 3).join('; ')}; and ${reasons.length - 3} more`
}

function referenceOf(json: unknown): { customerReference?: string } {
  const reference = (json as { customerReference?: unknown } | null)?.customerReference // JSON of any kind
  return typeof reference === 'string' ? { customerReference: toStorable(reference.slice(0, 255)) } : {}
}
