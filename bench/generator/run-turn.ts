import { connect, type Socket } from 'node:net'
import { nanosecondsOf, withDescendants } from '../processor-time.ts'
import { type Answer, createAnswerReader } from './answer-reader.ts'
import { createSources, memberOf, type Source } from './requests.ts'
import type { Turn, TurnFigures } from './turn.ts'

/** A server that does not answer for so long ends the turn. */
const PATIENCE_SECONDS = 30
/** Of requests that can be sent once, the share that warms up. */
const WARM_UP_SHARE = 0.2
const READ_BUFFER_BYTES = 65_536

/** Runs one turn: a closed loop on each connection, in which the next request leaves when the last is answered. */
export function runTurn(turn: Turn): Promise<TurnFigures> {
  const record = createRecord(turn)
  const sources = createSources(turn.plan)
  const sockets: Socket[] = []
  return new Promise((resolve) => {
    const timers = [
      setTimeout(() => record.begin(), turn.warmUpSeconds * 1000),
      setTimeout(() => record.end(), (turn.warmUpSeconds + turn.seconds) * 1000),
      setTimeout(() => finish('no answer in time'), (turn.warmUpSeconds + turn.seconds + PATIENCE_SECONDS) * 1000),
    ]
    let open = turn.connections
    const finish = (problem?: string) => {
      if (problem !== undefined) record.failed(problem)
      for (const timer of timers) clearTimeout(timer)
      for (const socket of sockets) socket.destroy()
      resolve(record.figures())
    }
    const onEnd = () => {
      if (--open === 0) finish()
    }
    for (let index = 0; index < turn.connections; index++) {
      sockets.push(openConnection({ turn, source: sources(index), record, onEnd }))
    }
  })
}

type ConnectionDeps = {
  readonly turn: Turn
  readonly source: Source
  readonly record: Record
  readonly onEnd: () => void
}

function openConnection({ turn, source, record, onEnd }: ConnectionDeps): Socket {
  let sentAtMs = 0
  let hasEnded = false
  const end = (problem?: string) => {
    if (hasEnded) return
    hasEnded = true
    if (problem !== undefined) record.failed(problem)
    socket.destroy()
    onEnd()
  }
  const send = () => {
    const request = record.isOver() ? undefined : source.next()
    if (request === undefined) return end()
    sentAtMs = performance.now()
    socket.write(request)
  }
  const onAnswer = ({ status, body, keepsAlive }: Answer) => {
    const isRight = status >= 200 && status < 300 && (turn.expects === '' || body.includes(turn.expects))
    if (!isRight) return end(`${status} ${body.toString('utf8', 0, 300)}`)
    record.answered(performance.now() - sentAtMs, body)
    source.answered(body)
    if (!keepsAlive) return end('the server closed a connection that should be kept')
    send()
  }
  const read = createAnswerReader(onAnswer)
  const socket = connect({
    host: '127.0.0.1',
    port: turn.port,
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
      callback(length, bytes) {
        read((bytes as Buffer).subarray(0, length)) // the buffer given above
        return true
      },
    },
  })
  socket.once('connect', send)
  socket.once('error', (error) => end(error.message))
  socket.once('close', () => end('the server closed the connection'))
  return socket
}

type Record = ReturnType<typeof createRecord>

/** What happened in a turn so far, and whether it is being measured yet. */
function createRecord({ plan, maxRequests, collects, server, stores, warmUpSeconds }: Turn) {
  const available = plan.kind === 'once' ? plan.requests.length : Number.POSITIVE_INFINITY
  const warmUpRequests = warmUpSeconds === 0 ? 0 : available * WARM_UP_SHARE
  const limit = maxRequests ?? Number.POSITIVE_INFINITY
  const durationsMs: number[] = []
  const collected: string[] = []
  const firstErrors: string[] = []
  let errors = 0
  let answers = 0
  let began: Reading | undefined
  let ended: Reading | undefined

  const begin = () => {
    began ??= read(server, stores)
  }
  const end = () => {
    ended ??= read(server, stores)
  }
  if (warmUpSeconds === 0) begin()
  return {
    begin,
    end,
    isOver: () => ended !== undefined || answers >= limit,
    failed(problem: string) {
      errors++
      if (firstErrors.length === 0) firstErrors.push(problem)
    },
    answered(durationMs: number, body: Buffer) {
      answers++
      if (answers >= warmUpRequests && began === undefined) begin()
      else if (began && !ended) durationsMs.push(durationMs)
      const value = collects === undefined ? undefined : memberOf(body, collects)
      if (value !== undefined) collected.push(value)
    },
    figures(): TurnFigures {
      begin()
      end()
      const [from, to] = [began as Reading, ended as Reading] // both were just read
      durationsMs.sort((a, b) => a - b)
      const at = (share: number) =>
        durationsMs[Math.min(durationsMs.length - 1, Math.floor(durationsMs.length * share))] ?? 0
      return {
        requests: durationsMs.length,
        errors,
        ...(firstErrors[0] !== undefined && { firstError: firstErrors[0] }),
        seconds: (to.atUs - from.atUs) / 1e6,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        serverNs: workBetween(from.server, to.server),
        storesNs: workBetween(from.stores, to.stores),
        windowUs: [from.atUs, to.atUs],
        collected,
      }
    },
  }
}

/** Nanoseconds of each process, by its id. */
type Work = ReadonlyMap<number, number>
type Reading = { readonly atUs: number; readonly server: Work; readonly stores: Work }

/** The list of processes takes milliseconds: it comes first, so that the clock and the counters are read together. */
function read(server: readonly number[], stores: readonly number[]): Reading {
  const [ofServer, ofStores] = [withDescendants(server), withDescendants(stores)]
  return { atUs: Number(process.hrtime.bigint() / 1000n), server: workOf(ofServer), stores: workOf(ofStores) }
}

function workOf(pids: readonly number[]): Work {
  return new Map(pids.map((pid) => [pid, nanosecondsOf([pid])]))
}

/** What the processes did that are still there; one that ended has taken its counter with it. */
function workBetween(from: Work, to: Work): number {
  return [...to].reduce((sum, [pid, ns]) => sum + Math.max(0, ns - (from.get(pid) ?? 0)), 0)
}
