import type { Changed } from '../../database/revision.ts'
import type { RouteRequest } from './route.ts'

/** Notes what became of a change for the audit trail; `view` says what of it the trail may know. */
export function noteChange<T extends object>(
  note: RouteRequest['note'],
  outcome: Changed<T> | { readonly outcome: 'refused' | 'not-allowed' },
  view: (value: T) => object = (value) => value,
): void {
  if (outcome.outcome === 'changed') note({ before: view(outcome.before), after: view(outcome.now) })
}
