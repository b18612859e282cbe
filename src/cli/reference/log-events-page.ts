import { LOG_EVENTS } from '../../log/events.ts'

/** `docs/log-events.md`, made from the list of events, so that the two cannot disagree. */
export function logEventsPage(): string {
  const rows = Object.entries(LOG_EVENTS).map(
    ([event, { level, happened, remedy }]) => `| \`${event}\` | ${level} | ${happened} | ${remedy} |`,
  )
  return [...INTRODUCTION, '| event | level | what happened | what to do |', '|---|---|---|---|', ...rows, ''].join(
    '\n',
  )
}

const INTRODUCTION = `# Log events

<!-- Made by "npx vestibule log-events --markdown > docs/log-events.md". Change src/log/events.ts instead. -->

Every log line of level \`warn\` and \`error\` has an \`event\` from this list. Search for it, and alert on it: a name does
not change. The other members of a line say more: \`err\` or \`reason\` the cause, \`requestId\` the request.

\`\`\`sh
jq -c 'select(.event == "storage.lost")' < vestibule.log
\`\`\`
`.split('\n')
