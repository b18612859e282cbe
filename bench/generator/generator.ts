/** The process that sends the requests, so that what it costs is no part of what is measured. It is told by messages. */
import { runTurn } from './run-turn.ts'
import type { Turn } from './turn.ts'

process.on('message', (turn: Turn) => {
  runTurn(turn).then((figures) => process.send?.(figures))
})
// The command that started it has ended.
process.on('disconnect', () => process.exit())
