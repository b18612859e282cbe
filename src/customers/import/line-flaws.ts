import type { z } from 'zod'

type Issue = Parameters<z.core.$ZodErrorMap>[0]

const MOST_NAMES = 3
const NAME_LENGTH = 64

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

/** Says what is wrong with a member of a line, for the person who made the file; undefined leaves it to zod. */
export function lineFlaw(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => `"${String(value)}"`).join(' or ')}`
    case 'invalid_format':
      return issue.format === 'guid' ? 'must be a UUID' : undefined
    case 'too_big':
      return `must ${issue.origin === 'string' ? 'have' : 'be'} at most ${issue.maximum}${unitOf(issue)}`
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`
    case 'unrecognized_keys':
      return `has no member ${shown(issue.keys)}`
    default:
      return undefined
  }
}

/** A reason is kept and logged, and a name in a file may have any length. */
function shown(keys: readonly string[]): string {
  const named = keys.slice(0, MOST_NAMES).map((key) => `"${key.slice(0, NAME_LENGTH)}"`)
  return [named.join(', '), ...(keys.length > MOST_NAMES ? [`and ${keys.length - MOST_NAMES} more`] : [])].join(' ')
}

function unitOf({ origin }: { readonly origin: string }): string {
  return origin === 'string' ? ' characters' : ''
}
