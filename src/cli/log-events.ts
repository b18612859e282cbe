import { LOG_EVENTS } from '../log/events.ts'
import { printJson, printTable } from './command/print.ts'
import { singleAction } from './command/single-action.ts'
import { logEventsPage } from './reference/log-events-page.ts'

/** Prints every event that the log can have from warn up. */
export const logEvents = singleAction({
  name: 'log-events',
  summary: 'list the events in the log, and what to do about each',
  does: 'Lists every event that a log line of level warn or error can have: what happened, and what to do.',
  flags: { markdown: 'print the reference page instead' },
  example: '--json',
  async run({ flags, isJson }) {
    if (flags.has('markdown')) return void process.stdout.write(logEventsPage())
    if (isJson) return printJson(LOG_EVENTS)
    printTable(['EVENT', 'LEVEL', 'WHAT HAPPENED', 'WHAT TO DO'], rows())
  },
})

function rows(): string[][] {
  return Object.entries(LOG_EVENTS).map(([event, { level, happened, remedy }]) => [event, level, happened, remedy])
}
