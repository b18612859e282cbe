import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Preview } from './preview-pages.ts'

/** In bytes, uncompressed. */
export type PageSize = {
  readonly name: string
  readonly html: number
  readonly style: number
  readonly script: number
  readonly icon: number
  readonly total: number
}

/** How much the browser loads for each page of a preview; mails load nothing. */
export function pageSizes({ directory, names }: Preview): PageSize[] {
  return names
    .filter((name) => !name.startsWith('mail-'))
    .map((name) => {
      const html = readFileSync(join(directory, `${name}.html`), 'utf8')
      const files = new Set(Array.from(html.matchAll(/(?:href|src)="(assets\/[^"]+)"/g), ([, file = '']) => file))
      const sizeOf = (pattern: RegExp) =>
        [...files]
          .filter((file) => pattern.test(file))
          .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0)
      const parts = {
        html: Buffer.byteLength(html),
        style: sizeOf(/\.css$/),
        script: sizeOf(/\.js$/),
        icon: sizeOf(/\.(svg|png|jpe?g|webp)$/),
      }
      return { name, ...parts, total: Object.values(parts).reduce((sum, size) => sum + size, 0) }
    })
}
