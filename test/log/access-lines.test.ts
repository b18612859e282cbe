import { expect, test } from 'vitest'
import { type AccessLine, writeAccessLines } from '../../src/http/access-log.ts'
import { createLog, inContext, type Log } from '../../src/log.ts'

const ID = '0a1b2c3d4e5f60718293a4b5c6d7e8f9'
const plain: AccessLine = {
  requestId: ID,
  method: 'GET',
  path: '/jwks',
  status: 200,
  durationMs: 0.4,
  ip: '127.0.0.1',
  facts: {},
}

/** What a log wrote, without the times, which differ. */
function written(write: (log: Log) => void, level = 'info'): string[] {
  const lines: string[] = []
  write(createLog(level, { write: (line) => void lines.push(line) }))
  return lines.map((line) => line.replace(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/, '"time":""'))
}

const LINES: Readonly<Record<string, Partial<AccessLine>>> = {
  'says little': {},
  'took whole milliseconds': { durationMs: 12, status: 503, method: 'OPTIONS', ip: '2001:db8::1' },
  'says who asked for what': { facts: { clientId: 'frontend', grantType: 'urn:x:y', traceId: '1', endpoint: '/a' } },
  'belongs to a sign-in': { facts: { clientId: 'frontend', signIn: 'digest' } },
  'has quotes and slashes in its texts': { path: '/a"b\\c', facts: { clientId: '"\\', dialect: 'x"' } },
  'has control characters in its texts': {
    path: '/\u0000\u001f\u007f\n',
    facts: { clientId: '\r\n{"level":"error"}' },
  },
  'has letters of all kinds in its texts': { path: '/ü/日本/😀/\u2028', facts: { clientId: 'ü😀' } },
}

test.each(Object.entries(LINES))('a line of the access log that %s is written as the log writes lines', (_, parts) => {
  const { facts, requestId, ...line } = { ...plain, ...parts }
  const { signIn, ...others } = facts
  const text = `${line.method} ${line.path} ${line.status}`
  for (const said of [undefined, { listener: 'admin' }]) {
    const expected = { requestId, signIn, ...line, ...others, ...said }
    expect(written((log) => writeAccessLines(log, said)({ ...plain, ...parts }))).toEqual(
      written((log) => log.info(expected, text)),
    )
  }
})

test('a line of the access log says what its log is bound to, once, in any context', () => {
  const bound = { worker: 2, password: 'a-secret', node: 'a"b' }
  const { facts: _none, ...line } = plain
  const lines = written((log) => {
    const child = log.child(bound).child({ deeper: true })
    child.info(line, 'GET /jwks 200')
    writeAccessLines(inContext(child, () => ({ requestId: ID })))(plain)
  })
  expect(lines[1]).toBe(lines[0])
  expect(lines[1]).toContain('"worker":2')
  expect(lines[1]).not.toContain('a-secret')
})

test('at warn and above no line of the access log is written', () => {
  expect(written((log) => writeAccessLines(log)(plain), 'warn')).toEqual([])
  expect(written((log) => writeAccessLines(log.child({ worker: 1 }))(plain), 'error')).toEqual([])
})
