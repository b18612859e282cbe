import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** Puts values into the text of `key`; an unknown key comes back as it is, so that a page still shows. */
export type Translate = {
  (key: string, values?: Readonly<Record<string, string>>): string
  has(key: string): boolean
}

/** The texts of one language. */
export type Language = {
  /** BCP 47, for `<html lang>`. */
  readonly tag: string
  readonly keys: readonly string[]
  readonly t: Translate
  /** A duration as a person says it: "6 minutes". Never less than one. */
  minutes(seconds: number): string
  /** The same, in hours from two hours on, in days from two days on. */
  duration(seconds: number): string
  /** A date with its time of day and the zone, which is that of the server; of epoch seconds. */
  instant(at: number): string
  /** An amount in the smallest unit of its currency. */
  money(amount: number, currency: string): string
}

/** All languages there are texts for. */
export type Languages = {
  readonly tags: readonly string[]
  get(tag: string): Language
  /** The first of the wanted BCP 47 tags that there are texts for (RFC 4647 §3.4 lookup), else English. */
  choose(wanted: readonly string[]): string
}

/** The language of what has no texts in a language that a person wants. */
export const FALLBACK_LANGUAGE = 'en'
const longestValue = 120
const textsSchema = z.record(z.string(), z.string())

/** Reads `locales/*.json` of each directory; later directories override single texts and add languages. */
export function readLanguages(directories: readonly string[]): Languages {
  const texts = new Map<string, Map<string, string>>()
  for (const { tag, entries } of directories.flatMap(readLocales)) {
    texts.set(tag, new Map([...(texts.get(tag) ?? []), ...entries]))
  }
  const fallback = texts.get(FALLBACK_LANGUAGE) ?? new Map<string, string>()
  const languages = new Map([...texts].map(([tag, own]) => [tag, createLanguage(tag, own, fallback)]))
  const english = createLanguage(FALLBACK_LANGUAGE, fallback, fallback)

  return {
    tags: [...languages.keys()],
    get: (tag) => languages.get(tag) ?? english,
    choose: (wanted) => lookUpLanguage(wanted, (tag) => languages.has(tag)) ?? FALLBACK_LANGUAGE,
  }
}

function createLanguage(
  tag: string,
  own: ReadonlyMap<string, string>,
  fallback: ReadonlyMap<string, string>,
): Language {
  const find = (key: string) => own.get(key) ?? fallback.get(key)
  const inSentence = find('language.direction') === 'rtl' ? (value: string) => isolated(displayed(value)) : displayed
  const t = (key: string, values: Readonly<Record<string, string>> = {}) =>
    (find(key) ?? key).replace(/\{(\w+)\}/g, (placeholder, name: string) =>
      Object.hasOwn(values, name) ? inSentence(values[name] ?? '') : placeholder,
    )
  const inUnit = (unit: string) => new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' })
  const [inMinutes, inHours, inDays] = [inUnit('minute'), inUnit('hour'), inUnit('day')]
  const dates = new Intl.DateTimeFormat(tag, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  })
  const minutes = (seconds: number) => inMinutes.format(Math.max(1, Math.ceil(seconds / 60)))

  return {
    tag,
    keys: [...own.keys()],
    t: Object.assign(t, { has: (key: string) => find(key) !== undefined }),
    minutes,
    instant: (at) => dates.format(at * 1000),
    money(amount, currency) {
      const format = new Intl.NumberFormat(tag, { style: 'currency', currency })
      const digits = format.resolvedOptions().maximumFractionDigits ?? 0
      const text = String(amount).padStart(digits + 1, '0')
      const major = `${text.slice(0, text.length - digits)}.${text.slice(text.length - digits)}`
      return format.format(major as `${number}`) // digits only; as a text it loses none on its way through a fraction
    },
    duration(seconds) {
      if (seconds < 7200) return minutes(seconds)
      return seconds < 172_800
        ? inHours.format(Math.round(seconds / 3600))
        : inDays.format(Math.round(seconds / 86_400))
    },
  }
}

/** Others' words inside our sentences: no control or direction characters that could rearrange ours, and not endless. */
function displayed(value: string): string {
  const plain = value.replace(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '')
  return plain.length > longestValue ? `${plain.slice(0, longestValue)}…` : plain
}

/** `1@shop.example` inside a sentence from right to left would show its halves the other way round (UAX #9, isolates). */
const isolated = (value: string) => `\u2068${value}\u2069`

/** The first of the wanted BCP 47 tags, or of the wider ones that they begin with, that there is (RFC 4647 §3.4); in small letters. */
export function lookUpLanguage(wanted: readonly string[], has: (tag: string) => boolean): string | undefined {
  return wanted.flatMap(widerAndWider).find(has)
}

/** `de-CH-1996` → `de-ch-1996`, `de-ch`, `de`. */
function widerAndWider(tag: string): string[] {
  const subtags = tag.toLowerCase().split('-').slice(0, 4)
  return subtags.map((_, index) => subtags.slice(0, subtags.length - index).join('-'))
}

function readLocales(directory: string): { tag: string; entries: [string, string][] }[] {
  const folder = join(directory, 'locales')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && statSync(join(folder, name)).isFile())
    .map((name) => ({
      tag: name.slice(0, -'.json'.length).toLowerCase(),
      entries: Object.entries(textsSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))),
    }))
}
