/** The time of a line that is written now. Many fall into one millisecond. */
export function lineTime(): string {
  const now = Date.now()
  if (now !== newest.atMs) {
    newest.atMs = now
    newest.text = new Date(now).toISOString()
  }
  return newest.text
}

const newest = { atMs: Number.NaN, text: '' }
