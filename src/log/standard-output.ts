import { type DestinationStream, pino } from 'pino'

/** How long lines are gathered: writing one takes as long as making it, and goes through the threads that hash passwords. */
const GATHER_MS = 10
/** A pipe takes so much at a time whole: lines of several workers do not run into each other. */
const WRITE_BYTES = 4096

/** Standard output of this process, where lines are written some at a time; what waits is written before the process exits. */
export function openStandardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, maxWrite: WRITE_BYTES })
  let lines: string[] = []
  let characters = 0
  let isWaiting = false

  function hand(): void {
    if (lines.length === 0) return
    const text = lines.join('')
    // Letters that take several bytes may make it too long; put together one by one the lines are not.
    const parts = Buffer.byteLength(text) <= WRITE_BYTES ? [text] : lines
    lines = []
    characters = 0
    for (const part of parts) output.write(part)
  }

  // Before the output's own, which writes what it was handed.
  process.prependListener('exit', hand)
  const waited = () => {
    isWaiting = false
    hand()
  }
  return {
    write(line) {
      if (characters + line.length > WRITE_BYTES) hand()
      lines.push(line)
      characters += line.length
      if (isWaiting) return
      isWaiting = true
      setTimeout(waited, GATHER_MS).unref()
    },
  }
}
