import { expect, test } from 'vitest'
import { createLog, type Log } from '../../src/log.ts'

const SECRET = 'a-secret-that-signs-in'

/** What a log wrote, as a reader of its lines has it. */
function written(write: (log: Log) => void): Record<string, unknown> {
  const lines: string[] = []
  write(createLog('debug', { write: (line) => void lines.push(line) }))
  expect(lines).toHaveLength(1)
  return JSON.parse(String(lines[0]))
}

const failure = (message: string, members: object) => Object.assign(new Error(message), members)
const SECRETS: Readonly<Record<string, object>> = {
  'a member': { password: SECRET },
  'a member of a member': { body: { token: SECRET } },
  'three levels deep': { request: { headers: { authorization: SECRET } } },
  'a member of a list': { tokens: [{ access_token: SECRET }] },
  'a whole object': { secret: { value: SECRET } },
  'what a driver hung on an error': {
    err: failure('no', { token: SECRET, parameters: [SECRET], cause: SECRET.length }),
  },
  'what hangs on the cause of an error': { err: failure('no', { cause: failure('because', { bindings: [SECRET] }) }) },
  'what hangs on an error of another name': { reason: failure('no', { parameters: [SECRET] }) },
  'the code of an error': { err: failure('no', { code: SECRET }) },
}

test.each(Object.entries(SECRETS))('a secret that is %s reaches no line', (_where, line) => {
  expect(JSON.stringify(written((log) => log.info(line)))).not.toContain(SECRET)
})

test.each(Object.entries(SECRETS))(
  'a secret that is %s reaches no line of a log that is bound to it',
  (_where, bindings) => {
    expect(
      JSON.stringify(
        written((log) =>
          log
            .child({ ...bindings })
            .child({ worker: 1 })
            .info({}),
        ),
      ),
    ).not.toContain(SECRET)
  },
)

test.each<[string, object, object]>([
  ['text, numbers and nothing', { a: 'b', c: 1, d: null }, { a: 'b', c: 1, d: null }],
  [
    'dates and addresses',
    { at: new Date(0), url: new URL('http://a/b') },
    { at: new Date(0).toJSON(), url: 'http://a/b' },
  ],
  ['what stands beside a secret', { body: { token: SECRET, kind: 'x' } }, { body: { token: '[masked]', kind: 'x' } }],
  ['the code of a failure', { err: failure('no', { code: 'ECONNREFUSED' }) }, { err: { code: 'ECONNREFUSED' } }],
  ['what was thrown and is no error', { err: 'no' }, { err: { type: 'string', message: 'no' } }],
])('a line keeps %s', (_what, line, expected) => {
  expect(written((log) => log.info(line))).toMatchObject(expected)
})

test('what is logged stays as it was', () => {
  const line = { body: { token: SECRET, list: [{ code: SECRET }] } }
  const before = structuredClone(line)
  written((log) => log.info(line))
  expect(line).toEqual(before)
})
