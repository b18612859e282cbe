import { spawnSync } from 'node:child_process'
import { withDescendants } from '../processor-time.ts'

const PRIORITY = '10'

/** Puts processes, all below them and what they start from now on before everything else of the machine (Linux). */
export function makeRealTime(pids: readonly number[]): void {
  for (const pid of withDescendants(pids)) {
    const { error, status, stderr } = spawnSync('chrt', ['-a', '-r', '-p', PRIORITY, String(pid)])
    if (error) throw new Error('chrt is not installed (util-linux)')
    if (status !== 0 && !/No such process/.test(String(stderr))) throw new Error(String(stderr).trim())
  }
}
