import { setTimeout as pause } from 'node:timers/promises'

/** One kind of request, sent in a closed loop: the next one leaves when the last is answered, and `pauseMs` has passed. */
export type Workload = {
  readonly name: string
  readonly connections: number
  readonly pauseMs?: number
  send(): Promise<Response>
}

export type WorkloadFigures = {
  readonly name: string
  readonly requests: number
  readonly failures: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
}

/** Runs all workloads side by side for `seconds`, bounded by `maxRequests` a workload. */
export async function runWorkloads(
  workloads: readonly Workload[],
  seconds: number,
  maxRequests = 200_000,
): Promise<WorkloadFigures[]> {
  const endsAtMs = performance.now() + seconds * 1000
  return Promise.all(workloads.map((workload) => runWorkload(workload, endsAtMs, seconds, maxRequests)))
}

async function runWorkload(
  workload: Workload,
  endsAtMs: number,
  seconds: number,
  maxRequests: number,
): Promise<WorkloadFigures> {
  const durationsMs: number[] = []
  let failures = 0
  const connection = async () => {
    while (performance.now() < endsAtMs && durationsMs.length < maxRequests) {
      const startedMs = performance.now()
      const response = await workload.send()
      await response.arrayBuffer()
      durationsMs.push(performance.now() - startedMs)
      if (response.status >= 500) failures++
      if (workload.pauseMs !== undefined) await pause(workload.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: workload.connections }, connection))
  durationsMs.sort((a, b) => a - b)
  const at = (share: number) =>
    round(durationsMs[Math.min(durationsMs.length - 1, Math.floor(durationsMs.length * share))] ?? 0)
  return {
    name: workload.name,
    requests: durationsMs.length,
    failures,
    perSecond: Math.round(durationsMs.length / seconds),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
