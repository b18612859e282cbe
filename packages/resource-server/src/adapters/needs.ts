import type { Answer } from '../answers/style.ts'
import type { Needs, ResourceServer } from '../resource-server.ts'
import type { Rule } from '../rules.ts'

/** What `protect` takes: a rule, several, or all that a route can want. */
export type Wanted = Rule | readonly Rule[] | Needs

export function needsOf(wanted: Wanted = {}): Needs {
  return isNeeds(wanted) ? wanted : { rules: wanted }
}

function isNeeds(wanted: Wanted): wanted is Needs {
  return typeof wanted !== 'function' && !Array.isArray(wanted)
}

/** The service's metadata as an answer, which every origin may read (RFC 9728 §3). @throws TypeError without `resource`. */
export function metadataAnswer({ metadata }: ResourceServer): Answer {
  if (!metadata) throw new TypeError('the metadata needs the setting resource')
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'public, max-age=3600',
    'Access-Control-Allow-Origin': '*',
  }
  return { status: 200, headers, body: JSON.stringify(metadata.document) }
}
