import { parseArgs } from 'node:util'
import { LOG_EVENTS } from '../log/events.ts'
import type { Command } from './command/command.ts'
import { printJson, printTable } from './command/print.ts'
import { logEventsPage } from './log-events-page.ts'

/** Prints every event that the log can have from warn up. */
export const logEvents: Command = {
  name: 'log-events',
  summary: 'list the events in the log, and what to do about each',
  help: `Usage: vestibule log-events [--json | --markdown]

Lists every event that a log line of level warn or error can have: what happened, and what to do. --markdown prints the
reference page instead.

Example: npx vestibule log-events`,
  async run(args) {
    const options = {
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
    } as const
    const { values } = parseArgs({ args: [...args], options })
    if (values.markdown) process.stdout.write(logEventsPage())
    else if (values.json) printJson(LOG_EVENTS)
    else printTable(['EVENT', 'LEVEL', 'WHAT HAPPENED', 'WHAT TO DO'], rows())
    return 0
  },
}

function rows(): string[][] {
  return Object.entries(LOG_EVENTS).map(([event, { level, happened, remedy }]) => [event, level, happened, remedy])
}
