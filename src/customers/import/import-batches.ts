import type { Passwords } from '../../credentials/passwords.ts'
import type { ImportLine } from './import-lines.ts'
import { parseLine } from './import-parse.ts'
import type { ImportRecord } from './import-record.ts'
import type { LineProblem } from './import-runs.ts'
import { createNamesInFile } from './names-in-file.ts'

export type NumberedRecord = { readonly line: number; readonly record: ImportRecord }

/** Lines that are dealt with together. */
export type Batch = {
  readonly records: readonly NumberedRecord[]
  readonly problems: readonly LineProblem[]
  /** The lines as they are in the file, by number. */
  readonly texts: ReadonlyMap<number, string>
  readonly first: number
  readonly last: ImportLine
  /** An import that is resumed has dealt with them: they are read for their names. */
  readonly isPast: boolean
}

export type BatchOptions = {
  readonly size: number
  /** The last line that was dealt with before. */
  readonly afterLine: number
  readonly passwordProblem: Passwords['problem']
}

/** Lines may be long, and two batches are in memory at a time. */
const MOST_CHARACTERS = 16 * 1024 * 1024

/** Reads lines into batches; a line that cannot be a customer, or one that comes twice, becomes a problem. */
export async function* importBatches(
  lines: AsyncIterable<ImportLine>,
  { size, afterLine, passwordProblem }: BatchOptions,
): AsyncGenerator<Batch> {
  const names = createNamesInFile()
  let held: ImportLine[] = []
  let characters = 0

  function batchOf(lines: readonly ImportLine[]): Batch | undefined {
    const [first, last] = [lines.at(0), lines.at(-1)]
    if (!first || !last) return undefined
    const records: NumberedRecord[] = []
    const problems: LineProblem[] = []
    for (const { number: line, ...rest } of lines) {
      const parsed = parseLine(rest, passwordProblem)
      const twice = parsed.outcome === 'parsed' ? names.twice(parsed.record, line) : undefined
      if (parsed.outcome === 'refused') {
        problems.push({ line, customerReference: parsed.customerReference, reason: parsed.reason })
      } else if (twice) {
        problems.push({ line, customerReference: parsed.record.customerReference, reason: twice })
      } else records.push({ line, record: parsed.record })
    }
    const texts = new Map(lines.flatMap(({ number, text }) => (text === undefined ? [] : [[number, text]])))
    return { records, problems, texts, first: first.number, last, isPast: last.number <= afterLine }
  }

  for await (const line of lines) {
    held.push(line)
    characters += line.text?.length ?? 0
    if (held.length < size && characters < MOST_CHARACTERS && line.number !== afterLine) continue
    const batch = batchOf(held)
    held = []
    characters = 0
    if (batch) yield batch
  }
  const batch = batchOf(held)
  if (batch) yield batch
}
