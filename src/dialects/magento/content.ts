import { objectOf, parseJson } from '../json-body.ts'
import { readXmlFields, writeXml } from './xml.ts'

/** A request body that cannot be used, in the words the shop's own framework has for it; the status is 400. */
export type Unreadable = { readonly unreadable: string }
export type Fields = { readonly fields: Readonly<Record<string, unknown>> }

type Format = 'json' | 'xml'

const RENDERED: readonly (readonly [string, Format])[] = [
  ['application/json', 'json'],
  ['text/xml', 'xml'],
  ['application/xml', 'xml'],
  ['application/xhtml+xml', 'xml'],
]

/** The fields of a request body by its content type. An empty body has no fields, whatever its type. */
export function readFields(body: string, contentType: string | undefined): Fields | Unreadable {
  if (body === '') return { fields: {} }
  if (!contentType) return { unreadable: 'Content-Type header is empty.' }
  const [, type = '', charset] = /^([a-z\d/\-+.]+)(?:; *charset=(.+))?$/i.exec(contentType.trim()) ?? []
  if (!type) return { unreadable: 'Content-Type header is invalid.' }
  if (charset && charset.replaceAll('"', '').toLowerCase() !== 'utf-8') {
    return { unreadable: 'UTF-8 is the only supported charset.' }
  }
  const format = RENDERED.find(([known]) => known === type.toLowerCase())?.[1]
  if (!format) return { unreadable: `Server cannot understand Content-Type HTTP header media type ${type}` }
  const fields = format === 'json' ? readJsonFields(body) : readXmlFields(body)
  return fields ? { fields } : { unreadable: 'Decoding error.' }
}

/** The format an Accept header asks for, best quality first; undefined when it takes neither JSON nor XML. */
export function acceptedFormat(accept: string | undefined): Format | undefined {
  if (!accept?.trim()) return 'json'
  for (const type of acceptTypes(accept)) {
    if (type === '*/*') return 'json'
    const found = RENDERED.find(([known]) => known === type || `${known.split('/')[0]}/*` === type)
    if (found) return found[1]
  }
  return undefined
}

/** The media types of an Accept header, best quality first. */
export function acceptTypes(accept: string): string[] {
  return accept
    .split(',')
    .map((definition) => {
      const [type = '', ...parameters] = definition.split(';').map((part) => part.trim())
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
      return { type: type.toLowerCase(), quality: Number(quality ?? 1) || 0 }
    })
    .filter(({ type }) => /^[0-9a-z*+-]+(\/[0-9a-z*+.-]+)?$/.test(type))
    .sort((first, second) => second.quality - first.quality)
    .map(({ type }) => type)
}

/** A value in the format asked for, with its content type. */
export function write(value: unknown, format: Format): { contentType: string; body: string } {
  return format === 'xml'
    ? { contentType: 'application/xml; charset=utf-8', body: writeXml(value) }
    : { contentType: 'application/json; charset=utf-8', body: writeJson(value) }
}

/** JSON as PHP writes it: slashes escaped, ASCII only. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function readJsonFields(body: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(body)
  // A list or a bare value is JSON too: it just has none of the fields.
  return value === undefined ? undefined : (objectOf(value) ?? {})
}
