/** A profile of V8, as `--cpu-prof` writes it; times in microseconds on the machine's monotonic clock. */
export type CpuProfile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

type CallFrame = { readonly functionName: string; readonly url: string; readonly lineNumber: number }

/** What one function took, without what it called. */
export type SelfTime = { readonly owner: string; readonly name: string; readonly share: number }

/** Adds up the time of each function between two instants; shares are of the time that was not idle. */
export function selfTimes(profiles: readonly CpuProfile[], [from, to]: readonly [number, number]): SelfTime[] {
  const times = new Map<string, { owner: string; name: string; us: number }>()
  for (const { nodes, startTime, samples, timeDeltas } of profiles) {
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
    let at = startTime
    for (const [index, id] of samples.entries()) {
      const us = timeDeltas[index] ?? 0
      at += us
      const frame = frames.get(id)
      if (!frame || at < from || at > to || frame.functionName === '(idle)') continue
      const [owner, name] = [ownerOf(frame), nameOf(frame)]
      const entry = times.get(`${owner} ${name}`) ?? { owner, name, us: 0 }
      entry.us += us
      times.set(`${owner} ${name}`, entry)
    }
  }
  const all = [...times.values()].toSorted((a, b) => b.us - a.us)
  const total = all.reduce((sum, { us }) => sum + us, 0)
  return all.map(({ owner, name, us }) => ({ owner, name, share: us / total }))
}

/** The shares of packages, of Node and of the folders of our own source. */
export function byOwner(rows: readonly SelfTime[]): SelfTime[] {
  const shares = new Map<string, number>()
  for (const { owner, share } of rows) shares.set(owner, (shares.get(owner) ?? 0) + share)
  return [...shares].map(([owner, share]) => ({ owner, name: '', share })).toSorted((a, b) => b.share - a.share)
}

/** The top of both lists as a table in Markdown. */
export function renderSelfTimes(title: string, rows: readonly SelfTime[], count = 20): string {
  const percent = ({ share }: SelfTime) => `${(share * 100).toFixed(1)} %`
  const functions = rows.slice(0, count).map((row) => `| ${percent(row)} | ${row.owner} | ${row.name} |`)
  const owners = byOwner(rows).slice(0, count)
  return [
    `### ${title}`,
    '',
    '| self | package | function |',
    '|---:|---|---|',
    ...functions,
    '',
    `By package: ${owners.map((row) => `${row.owner} ${percent(row)}`).join(', ')}.`,
  ].join('\n')
}

function ownerOf({ url, functionName }: CallFrame): string {
  const [, ofPackage] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(url) ?? []
  if (ofPackage !== undefined) return ofPackage
  const [, ofOurs] = /\/(src\/[^/]+)/.exec(url) ?? []
  if (ofOurs !== undefined) return ofOurs
  if (url.startsWith('node:')) return 'node'
  return functionName.startsWith('(') ? 'V8' : 'native'
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.split('/').at(-1) ?? ''
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}
