/** What a browser says it is, in the two words that people know; absent where it says nothing that we know. */
export type BrowserName = { readonly browser?: string; readonly system?: string }

/** The first that fits: others say they were Chrome or Safari as well. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
]

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** Read from `User-Agent`, coarsely: enough for its owner to recognise it, too little to track it. */
export function browserName(userAgent: string): BrowserName {
  const said = userAgent.slice(0, 512)
  const first = (list: typeof BROWSERS) => list.find(([pattern]) => pattern.test(said))?.[1]
  const [browser, system] = [first(BROWSERS), first(SYSTEMS)]
  return { ...(browser !== undefined && { browser }), ...(system !== undefined && { system }) }
}
