import { expect, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const LOG = new URL('../../src/log.ts', import.meta.url)
/** More than a pipe holds: some lines are being written and some wait when the process ends. */
const LINES = 2_000

/** The lines of a process that writes some of both kinds and then ends. */
async function linesOf(ending: string): Promise<string[]> {
  const program = `
    const { createLog } = await import(${JSON.stringify(LOG.href)})
    const log = createLog('info')
    for (let line = 0; line < ${LINES}; line++) {
      if (line % 2) log.infoMembers(',"line":' + line + ',"text":"' + 'x'.repeat(line % 300) + '"')
      else log.info({ line, text: 'ü'.repeat(line % 300) })
    }
    log.infoMembers(',"line":${LINES},"text":"' + '日'.repeat(9_000) + '"')
    ${ending}`
  const daemon = await startDaemon(process.execPath, ['--input-type=module', '-e', program], {
    cwd: temporaryDirectory('standard-output'),
    env: { PATH: process.env.PATH ?? '' },
  })
  await daemon.exited
  return daemon.stdout().trimEnd().split('\n')
}

test.concurrent.each<[string, string]>([
  ['ends by itself', ''],
  ['exits at once', 'process.exit(3)'],
  ['exits while lines are being written', 'setTimeout(() => process.exit(3), 11)'],
  ['throws what nobody catches', 'throw new Error("nobody catches this")'],
])('no line is lost or torn of a process that %s', async (_, ending) => {
  const lines = (await linesOf(ending)).map((line) => JSON.parse(line) as { line: number; text: string })
  expect(lines.map(({ line }) => line).sort((a, b) => a - b)).toEqual(Array.from({ length: LINES + 1 }, (_, at) => at))
  expect(lines.find(({ line }) => line === 299)?.text).toHaveLength(299)
  expect(lines.find(({ line }) => line === LINES)?.text).toHaveLength(9_000)
})
