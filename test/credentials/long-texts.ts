/** Texts that repeat one character or two, which patterns with two ways to read a character are slow on. */
export const LONG_TEXTS: readonly { readonly name: string; readonly of: (length: number) => string }[] = [
  { name: 'dots after an @', of: (length) => `a@${'.'.repeat(length)}@` },
  { name: 'dots', of: (length) => '.'.repeat(length) },
  { name: 'letters', of: (length) => 'a'.repeat(length) },
  { name: 'letters after an @', of: (length) => `a@${'a'.repeat(length)}` },
  { name: 'at signs', of: (length) => '@'.repeat(length) },
  { name: 'blanks between letters', of: (length) => `a${' '.repeat(length)}a` },
  { name: 'combining marks', of: (length) => `a${'\u0301\u0316'.repeat(length / 2)}` },
  { name: 'umlauts after an @', of: (length) => `a@${'ü'.repeat(length)}.de` },
]

/** Between sixteen, which is linear, and 256, which is quadratic. */
export const MOST_TIMES = 64

const ROUNDS = 3
/** The clock counts microseconds; short work is repeated until it is much longer than that. */
const ENOUGH_MS = 2

/** Milliseconds of this process's cores that one run of `work` takes, the least of a few rounds: others wait, and cost nothing. */
export async function leastCpuMs(work: () => unknown, enoughMs = ENOUGH_MS): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await cpuMs(work, enoughMs))
  return least
}

async function cpuMs(work: () => unknown, enoughMs: number): Promise<number> {
  for (let runs = 1; ; runs *= 4) {
    const before = process.cpuUsage()
    for (let run = 0; run < runs; run++) await work()
    const { user, system } = process.cpuUsage(before)
    const spentMs = (user + system) / 1000
    if (spentMs >= enoughMs) return spentMs / runs
  }
}
