import { SaxesParser } from 'saxes'

const MAX_DEPTH = 16
const MAX_ELEMENTS = 200

/**
 * The fields of an XML request: the root element's name does not matter, each child is a field, and a child with
 * children of its own is no text. Undefined for what is not well-formed, has a document type (and so could declare
 * entities), or is nested or long beyond need.
 */
export function readXmlFields(text: string): Readonly<Record<string, unknown>> | undefined {
  const fields = new Map<string, unknown>()
  const parser = new SaxesParser()
  let [depth, elements, isRefused] = [0, 0, false]
  let current = ''
  const refuse = () => {
    isRefused = true
  }
  parser.on('error', refuse)
  parser.on('doctype', refuse)
  parser.on('opentag', ({ name }) => {
    depth += 1
    elements += 1
    if (depth > MAX_DEPTH || elements > MAX_ELEMENTS) refuse()
    if (depth === 2) current = name
    if (depth === 2) fields.set(name, fields.has(name) ? [] : '')
    if (depth === 3) fields.set(current, [])
  })
  const addText = (piece: string) => {
    const known = fields.get(current)
    if (depth === 2 && typeof known === 'string') fields.set(current, known + piece)
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    depth -= 1
  })
  for (const piece of pieces(text)) {
    if (isRefused) return undefined
    parser.write(piece)
  }
  parser.close()
  return isRefused ? undefined : Object.fromEntries(fields)
}

/** A value as the shop writes it in XML: a `response` element, members as elements, list entries as `item`. */
export function writeXml(value: unknown): string {
  return `<?xml version="1.0"?>\n<response>${content(value)}</response>\n`
}

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => `<item>${content(entry)}</item>`).join('')
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, member]) => `<${name}>${content(member)}</${name}>`)
      .join('')
  }
  return value === null || value === undefined ? '' : escapeText(String(value))
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** In pieces, so that a refusal early on spares the rest. */
function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,4096}/g) ?? []
}
