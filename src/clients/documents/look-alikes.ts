/** Letters that look like Latin ones, in small letters. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  ...{ а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', ё: 'e', һ: 'h', н: 'h', і: 'i', ї: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm' },
  ...{ п: 'n', о: 'o', р: 'p', ԛ: 'q', г: 'r', ѕ: 's', т: 't', и: 'u', ѵ: 'v', ԝ: 'w', х: 'x', у: 'y' },
  ...{ α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x', γ: 'y', ω: 'w' },
  ...{ ı: 'i', ł: 'l', ø: 'o', đ: 'd', ħ: 'h', ŧ: 't', ƒ: 'f', ɑ: 'a', ɡ: 'g', ʟ: 'l' },
  ...{ '0': 'o', '1': 'l', '3': 'e', '5': 's', '7': 't', '8': 'b', '4': 'a', '|': 'l', '!': 'l', $: 's', '@': 'a' },
}

/**
 * What a name looks like at a glance: without accents, case, blanks, marks and letters that nobody sees, look-alike letters as the Latin ones. Two names with the same
 * shape are taken for each other.
 */
export function shapeOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, '')
  const latin = [...plain].map((character) => LOOKS_LIKE[character] ?? character).join('')
  return latin
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('i', 'l')
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** Under which countries give names to companies, and the like. */
const OF_COUNTRIES = /\.(?:ac|co|com|edu|gov|ne|net|or|org)(?=\.[a-z]{2}$)/

/** The part of a host that people know a site by: `claude` of `www.claude.ai`. */
export function knownPartOf(host: string): string {
  const name = (host.split(':')[0] ?? '').replace(OF_COUNTRIES, '')
  const labels = name.split('.').filter((label) => label !== 'www')
  return labels.at(-2) ?? labels[0] ?? ''
}
