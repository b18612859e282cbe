import { text } from 'node:stream/consumers'

/** A secret on standard input, without the line break that ends it. */
export async function fromInput(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '')
}
