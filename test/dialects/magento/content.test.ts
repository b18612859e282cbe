import { expect, test } from 'vitest'
import { acceptedFormat, writeJson } from '../../../src/dialects/magento/content.ts'
import { readXmlFields } from '../../../src/dialects/magento/xml.ts'

test.each([
  ['<login><username>a</username><password>b</password></login>', { username: 'a', password: 'b' }],
  ['<x><username>&lt;a&amp;b&gt;</username></x>', { username: '<a&b>' }],
  ['<x><password><![CDATA[<&]]></password></x>', { password: '<&' }],
  ['<x><username><deep>a</deep></username></x>', { username: { deep: 'a' } }],
  ['<x><a><b>1</b><b>2</b></a></x>', { a: { b: [] } }],
  ['<x><username>a</username><username>b</username></x>', { username: [] }],
  ['<x>text</x>', {}],
])('%s is read as fields', (text, fields) => {
  expect(readXmlFields(text)).toEqual(fields)
})

test.each([
  ['an entity of its own', '<!DOCTYPE x [<!ENTITY e "v">]><x><username>&e;</username></x>'],
  ['an external entity', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><username>&e;</username></x>'],
  ['a document type', '<!DOCTYPE x><x/>'],
  ['an unknown entity', '<x><username>&nbsp;</username></x>'],
  ['no end', '<x><username>'],
  ['nothing', ''],
  ['depth beyond need', '<a>'.repeat(5000)],
  ['length beyond need', `<a>${'<b/>'.repeat(5000)}</a>`],
])('XML with %s is refused', (_, text) => {
  expect(readXmlFields(text)).toBeUndefined()
})

test('a field called __proto__ is a field', () => {
  const fields = readXmlFields('<x><__proto__>a</__proto__></x>')
  expect(Object.keys(fields ?? {})).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
})

test.each([
  ['', 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['text/*', 'xml'],
  ['application/xhtml+xml', 'xml'],
  ['application/json;q=0.5, text/xml', 'xml'],
  ['text/html, application/xml;q=0.9, */*;q=0.8', 'xml'],
  ['application/json, text/plain, */*', 'json'],
  ['text/html', undefined],
])('Accept: %s asks for %s', (accept, format) => {
  expect(acceptedFormat(accept)).toBe(format)
})

test('JSON is written as PHP writes it', () => {
  expect(writeJson({ a: 'b/c', name: 'Zoë' })).toBe('{"a":"b\\/c","name":"Zo\\u00eb"}')
})
