/** Reads that many bytes of the list, or what there is; a list in memory answers at once. */
export type ReadList = (offset: number, bytes: number) => Buffer | Promise<Buffer>

const DIGEST_LENGTH = 40
/** Digits of a digest that say where among all digests it stands. */
const LEADING_DIGITS = 12
const DIGESTS = /[0-9A-F]{40}/g
/** One page of a disk; a hundred lines. */
const BLOCK_BYTES = 4096

/**
 * Whether a digest in upper case is in a sorted list of `size` bytes. Digests are spread evenly, so the block around the
 * place where one must stand shows it, or gives a better guess: one to three reads. Every other step halves what is left,
 * so that a list of other kinds is searched as well.
 */
export async function isInSortedDigests(read: ReadList, size: number, digest: string): Promise<boolean> {
  // The line begins at or after `low`, and before `high`.
  let [low, high] = [
    { at: 0, share: 0 },
    { at: size, share: 1 },
  ]
  const share = shareOf(digest)
  for (let step = 0; high.at - low.at > BLOCK_BYTES; step++) {
    const bytes = high.at - low.at
    const isGuess = step % 2 === 0 && high.share > low.share
    const middle = isGuess ? ((share - low.share) / (high.share - low.share)) * bytes : bytes / 2
    const offset = low.at + Math.min(Math.max(0, Math.floor(middle - BLOCK_BYTES / 2)), bytes - BLOCK_BYTES)
    const block = await readText(read, offset, BLOCK_BYTES)
    const digests: readonly string[] = block.match(DIGESTS) ?? []
    const [first, last] = [digests[0], digests.at(-1)]
    if (first === undefined || last === undefined) return false
    if (digest < first) high = { at: offset + block.indexOf(first), share: shareOf(first) }
    else if (digest > last) low = { at: offset + block.indexOf(last), share: shareOf(last) }
    else return digests.includes(digest)
  }
  return (await readText(read, low.at, high.at - low.at + DIGEST_LENGTH)).includes(digest)
}

async function readText(read: ReadList, offset: number, bytes: number): Promise<string> {
  return (await read(offset, bytes)).toString('latin1').toUpperCase()
}

function shareOf(digest: string): number {
  return Number.parseInt(digest.slice(0, LEADING_DIGITS), 16) / 16 ** LEADING_DIGITS
}
