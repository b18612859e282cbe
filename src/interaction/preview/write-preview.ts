import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WriteLetter } from '../letters.ts'
import type { Pages } from '../pages.ts'
import { sampleLetters } from './sample-letters.ts'
import { SAMPLES } from './samples.ts'

type PreviewOptions = {
  readonly pages: Pages
  readonly writeLetter: WriteLetter
  readonly language: string
}

type Shown = { readonly name: string; readonly file: string }

/**
 * Writes every page and mail with made-up data into a directory, with an `index.html` that shows them all. Returns how
 * many there are.
 */
export function writePreview(
  directory: string,
  options: PreviewOptions,
): { readonly pages: number; readonly mails: number } {
  const { pages, language } = options
  mkdirSync(join(directory, 'assets'), { recursive: true })
  const shown = SAMPLES.map((sample) => {
    const name = [sample.page, sample.state].filter(Boolean).join(' ')
    const html = pages.render(sample.page, sample.view, language)
    return keep(directory, name, withFiles(html, directory, pages))
  })
  const mails = writeMails(directory, options)
  writeFileSync(join(directory, 'index.html'), indexOf([...shown, ...mails], language))
  return { pages: shown.length, mails: mails.length }
}

function writeMails(directory: string, { pages, writeLetter, language }: PreviewOptions): Shown[] {
  return sampleLetters(language).flatMap((letter) => {
    const { subject, text, html = '' } = writeLetter(letter)
    const name = `mail ${letter.kind}`
    writeFileSync(join(directory, `${fileName(name)}.txt`), `${subject}\n\n${text}\n`)
    return keep(directory, name, withFiles(html, directory, pages))
  })
}

function keep(directory: string, name: string, html: string): Shown {
  const file = `${fileName(name)}.html`
  writeFileSync(join(directory, file), html)
  return { name, file }
}

const fileName = (name: string) => name.replaceAll(/[^\w-]+/g, '-')

/** Copies the files that a page links to beside it, and links to them there: a preview needs no server. */
function withFiles(html: string, directory: string, { asset }: Pages): string {
  return html.replaceAll(/(?<=(?:href|src|srcset)=")[^"]*\/assets\/([^"/]+)(?=")/g, (address, hashed: string) => {
    const found = asset(hashed.replace(/\.[\w-]{16}(?=\.\w+$)/, ''))
    if (!found) return address
    writeFileSync(join(directory, 'assets', hashed), found.content)
    return `assets/${hashed}`
  })
}

/** A page of frames. The names come from our own samples and kinds: nothing in them needs to be escaped. */
function indexOf(shown: readonly Shown[], language: string): string {
  const frames = shown.map(
    ({ name, file }) =>
      `<figure><figcaption><a href="${file}">${name}</a></figcaption><iframe src="${file}" title="${name}" loading="lazy" sandbox></iframe></figure>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Pages and mails (${language})</title>
<style>
body { margin: 1rem; font: 0.875rem/1.4 system-ui, sans-serif; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1.5rem; }
figure { margin: 0; }
iframe { width: 100%; height: 44rem; border: 1px solid #888; }
</style>
</head>
<body>
<h1>Pages and mails (${language})</h1>
<main>
${frames.join('\n')}
</main>
</body>
</html>
`
}
