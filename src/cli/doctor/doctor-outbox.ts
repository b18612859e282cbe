import type { ShownReceiver } from '../../outbox/shown-rows.ts'
import type { AdminClient } from '../command/admin-client.ts'
import { bad, type Finding, ok } from './findings.ts'

/** What a receiver may be behind by without anything being wrong. */
const LATE_SECONDS = 900

/** Receivers of notices that take none, or refused some. */
export async function examineOutbox(admin: Pick<AdminClient, 'list'>): Promise<Finding[]> {
  const receivers = await admin.list<ShownReceiver>('/v1/outbox?')
  if (receivers.length === 0) return []
  const problems = receivers.flatMap(problemsOf)
  return problems.length > 0 ? problems : [ok('outbox', `${receivers.length} receivers, and none is behind`)]
}

function problemsOf({
  kind,
  receiver,
  state,
  dead,
  waiting,
  oldestAt,
  failingSince,
  lastFailure,
}: ShownReceiver): Finding[] {
  const name = `${kind} to ${receiver}`
  const why = lastFailure === undefined ? '' : ` (${lastFailure})`
  const retry = `send them again with "npx vestibule outbox retry ${kind} '${receiver}'"`
  const since = oldestAt ?? failingSince
  const isLate = waiting > 0 && since !== undefined && Date.now() / 1000 - since > LATE_SECONDS
  return [
    ...(dead > 0
      ? [bad('outbox', `${name}: ${dead} messages were given up${why}. Repair the receiver, then ${retry}.`)]
      : []),
    ...(isLate && state === 'paused'
      ? [
          bad(
            'outbox',
            `${name}: paused, and ${waiting} messages are held. Run "npx vestibule outbox resume ${kind} '${receiver}'".`,
          ),
        ]
      : []),
    ...(isLate && state !== 'paused'
      ? [bad('outbox', `${name}: ${waiting} messages have waited for more than 15 minutes${why}. Repair the receiver.`)]
      : []),
  ]
}
