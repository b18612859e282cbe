import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The letters that a server without a mail server left as files, as text, oldest first. */
export function lettersIn(dataDir: string): string[] {
  const outbox = join(dataDir, 'outbox')
  if (!existsSync(outbox)) return []
  const names = readdirSync(outbox).filter((name) => name.endsWith('.eml'))
  return names.sort().map((name) => readFileSync(join(outbox, name), 'utf8'))
}
