import type { Noted } from './routes/route.ts'

/** Of people, or secret: the trail is never changed, so it only says that these changed. */
const UNTOLD = /^(email|name|givenName|familyName|locale|contacts|jwks)$|password(?!Change)|secret/i
/** Follow from the rest. */
const IGNORED: readonly string[] = ['createdAt', 'passwordChangedAt', 'client_id']
const LONGEST_VALUE = 200

/** What an act changed, for the audit trail: `role "viewer" → "operator", name changed`. Empty where nothing did. */
export function describeChange({ before, after }: Noted): string {
  const [old, now] = [membersOf(before), membersOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => !IGNORED.includes(name) && !isSame(old.get(name), now.get(name)))
    .map((name) => describeMember(name, old.get(name), now.get(name)))
    .join(', ')
}

function membersOf(value: object | undefined): Map<string, unknown> {
  return new Map(Object.entries(value ?? {}).filter(([, member]) => member !== undefined))
}

function describeMember(name: string, old: unknown, now: unknown): string {
  if (UNTOLD.test(name)) return `${name} ${old === undefined ? 'set' : now === undefined ? 'removed' : 'changed'}`
  if (isTexts(old) && isTexts(now)) {
    const added = now.filter((each) => !old.includes(each)).map((each) => `+${shown(each)}`)
    const gone = old.filter((each) => !now.includes(each)).map((each) => `-${shown(each)}`)
    return [name, ...gone, ...added].join(' ')
  }
  return old === undefined
    ? `${name} ${shown(now)}`
    : `${name} ${shown(old)} → ${now === undefined ? 'none' : shown(now)}`
}

function isSame(old: unknown, now: unknown): boolean {
  return JSON.stringify(old) === JSON.stringify(now)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}
