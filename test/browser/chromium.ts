import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser']
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The system's Chromium, if it is on the PATH. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable)
}

/** Starts the system's Chromium; `findChromium` says whether there is one. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), headless: true, args: quiet })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * What the browser's console says that a page is to blame for. Answers of 4xx are what the pages are about, and a person
 * (or a test) who clicks before a field took the focus by itself is in their right.
 */
export function blamable(complaints: readonly string[]): string[] {
  return complaints.filter(
    (text) => !/the server responded with a status of 4\d\d|^Autofocus processing was/.test(text),
  )
}
