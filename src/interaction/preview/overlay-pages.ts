import { plainBrand } from '../brand/brand.ts'
import { createLetters } from '../letters.ts'
import { createPages } from '../pages.ts'
import { type Finding, problem } from './finding.ts'
import { sampleLetters } from './sample-letters.ts'
import { SAMPLES, type Sample } from './samples.ts'

const ISSUER = 'https://id.example'
const brand = plainBrand('Sample')

/** Pages and mails that fail with a shop's own views, or lost what the server reads or leads to. */
export function checkPages(directory: string): Finding[] {
  try {
    const ours = createPages({ brand })
    const theirs = createPages({ brand, viewsDirectory: directory })
    return [
      ...SAMPLES.flatMap((sample) =>
        checkPage(sample, ours.render(sample.page, sample.view, 'en'), () =>
          theirs.render(sample.page, sample.view, 'en'),
        ),
      ),
      ...checkLetters(directory),
    ]
  } catch (error) {
    return [problem('.', firstLine(error))]
  }
}

function checkPage({ page, state }: Sample, ours: string, render: () => string): Finding[] {
  const file = `${page}.eta`
  const where = state === '' ? '' : ` (${state})`
  try {
    const theirs = render()
    const lost = namedParts(ours).filter((part) => !theirs.includes(part))
    return lost.map((part) => problem(file, `${part} is missing${where}: the server needs it`))
  } catch (error) {
    return [problem(file, `it fails${where}: ${firstLine(error)}`)]
  }
}

function checkLetters(directory: string): Finding[] {
  const write = createLetters({ brand, issuer: ISSUER, viewsDirectory: directory })
  return sampleLetters('en').flatMap((letter) => {
    const file = `mails/${letter.kind}`
    try {
      const { text, html = '' } = write(letter)
      const [url] = createLetters({ brand, issuer: ISSUER })(letter).text.match(/https:\/\/\S+token=\S+/) ?? []
      if (url === undefined) return []
      return [
        ...(text.includes(url) ? [] : [problem(file, 'the text has no link')]),
        ...(html.includes(url.replaceAll('&', '&amp;')) ? [] : [problem(file, 'the HTML has no link')]),
      ]
    } catch (error) {
      return [problem(file, `it fails: ${firstLine(error)}`)]
    }
  })
}

/** The names of fields and buttons and the addresses of forms: what a page and the server have agreed on. */
function namedParts(html: string): string[] {
  const main = /<main.*<\/main>/s.exec(html)?.[0] ?? ''
  return [...new Set(main.match(/\b(?:name|action)="[^"]+"/g))]
}

const firstLine = (error: unknown) => String(error).split('\n')[0] ?? ''
