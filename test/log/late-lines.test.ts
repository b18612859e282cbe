import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'

const MODULE = fileURLToPath(new URL('../../src/log/standard-output.ts', import.meta.url))

/** Its only thread for files is busy until `pipe` is opened: writes that have begun end no sooner. Each line is gathered by itself. */
const BUSY_WRITER = `
  import { open } from 'node:fs'
  import { setTimeout as pause } from 'node:timers/promises'
  const [path, pipe, lines] = process.argv.slice(1)
  const { openStandardOutput } = await import(path)
  open(pipe, 'r', () => {})
  const output = openStandardOutput()
  for (const line of JSON.parse(lines)) {
    output.write(line + '\\n')
    await pause(50)
  }
  process.send('written')
  setInterval(() => {}, 60_000)
`

const lines = (count: number, length: number) => Array.from({ length: count }, (_, at) => `${at} `.padEnd(length, 'x'))

test.each([
  { what: 'short lines', sent: lines(3, 20) },
  { what: 'lines of more than one write', sent: lines(5, 3000) },
  { what: 'lines that are not English', sent: lines(4, 1000).map((line) => line.replaceAll('x', 'é')) },
  { what: 'one line longer than a write', sent: lines(1, 20_000) },
])('$what come while nothing follows them, also when the first write takes long', async ({ sent }) => {
  const pipe = join(temporaryDirectory('busy'), 'pipe')
  execFileSync('mkfifo', [pipe])
  const args = ['--input-type=module', '--eval', BUSY_WRITER, MODULE, pipe, JSON.stringify(sent)]
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const writer = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  let seen = ''
  writer.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen += text
  })
  try {
    await once(writer, 'message')
    expect(seen).toBe('')
    closeSync(openSync(pipe, 'w'))
    await waitFor(() => seen.length >= sent.join('\n').length + 1, { what: 'the last line' })
    expect(seen).toBe(`${sent.join('\n')}\n`)
  } finally {
    writer.kill('SIGKILL')
  }
})
