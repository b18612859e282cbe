import { type Browser, type BrowserServer, chromium } from 'playwright-core'
import { findChromium } from './binaries.ts'

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the system's Chromium for one process; `findChromium` says whether there is one. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(launchOptions())
}

/** Starts the system's Chromium for many processes. */
export function launchChromiumServer(): Promise<BrowserServer> {
  return chromium.launchServer({ ...launchOptions(), host: '127.0.0.1' })
}

function launchOptions() {
  const executablePath = findChromium()
  return { ...(executablePath && { executablePath }), headless: true, args: quiet }
}
