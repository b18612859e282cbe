import { SaxesParser } from 'saxes'

const MAX_DEPTH = 16
const MAX_ELEMENTS = 200

/** An element that is being read: its text, or its children by name; a list where one comes twice. */
type Element = { readonly name: string; text: string; readonly children: Map<string, unknown> }

/**
 * The fields of an XML request: the root element's name does not matter, each child is a field, and one with children of its own
 * is an object. Undefined for what is not well-formed, has a document type (and so could declare entities), or is nested or
 * long beyond need.
 */
export function readXmlFields(text: string): Readonly<Record<string, unknown>> | undefined {
  const open: Element[] = []
  const root: Element = { name: '', text: '', children: new Map() }
  let [elements, isRefused] = [0, false]
  const refuse = () => {
    isRefused = true
  }
  const parser = new SaxesParser()
  parser.on('error', refuse)
  parser.on('doctype', refuse)
  parser.on('opentag', ({ name }) => {
    elements += 1
    open.push(open.length === 0 ? root : { name, text: '', children: new Map() })
    if (open.length > MAX_DEPTH || elements > MAX_ELEMENTS) refuse()
  })
  const addText = (piece: string) => {
    const current = open.at(-1)
    if (current) current.text += piece
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const closed = open.pop()
    const parent = open.at(-1)
    if (!closed || !parent) return
    parent.children.set(closed.name, parent.children.has(closed.name) ? [] : elementValue(closed))
  })
  for (const piece of pieces(text)) {
    if (isRefused) return undefined
    parser.write(piece)
  }
  parser.close()
  return isRefused ? undefined : Object.fromEntries(root.children)
}

function elementValue({ text, children }: Element): unknown {
  return children.size > 0 ? Object.fromEntries(children) : text
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
