import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Turn, TurnFigures } from './turn.ts'

/** A process that runs turns, one at a time. */
export type TurnProcess = { run(turn: Turn): Promise<TurnFigures>; stop(): Promise<void> }

/** Starts a program that answers the message of a turn with its figures; `command` runs Node, on some cores. */
export async function startTurnProcess(program: string, command: readonly string[]): Promise<TurnProcess> {
  const [execPath, ...execArgv] = command
  const child = fork(program, { ...(execPath !== undefined && { execPath }), execArgv })
  await once(child, 'spawn')
  const ended = once(child, 'exit')
  return {
    async run(turn) {
      const answered = once(child, 'message')
      child.send(turn)
      const end = ended.then(([code]) => {
        throw new Error(`${program} ended with ${code}`)
      })
      const [figures] = await Promise.race([answered, end])
      return figures as TurnFigures // what these programs send
    },
    async stop() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
