import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'

/**
 * What `npm run pages:paint -- http://localhost:4000` runs: how soon the pages of a server that runs are painted on a
 * slow phone, and what they load. The first visit counts: nothing is cached.
 */
const PHONE = { viewport: { width: 360, height: 740 } }

/** What Lighthouse calls slow 4G: 1.6 Mbit/s, 150 ms; a processor four times as slow. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 }
const SLOWER_BY = 4
const TRIES = 5

/** Since the address was opened, redirects included. */
const MEASURE = `({
  title: document.querySelector('h1').textContent,
  paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  bytes: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, { transferSize }) => sum + transferSize, 0),
})`

/** A customer of the demo shop, and apps of it. */
const CUSTOMER = { login: 'sonia@spryker.com', password: 'change123' }
const CONSENT = new URLSearchParams({
  client_id: 'third-party-app',
  redirect_uri: 'http://localhost:8080/callback',
  response_type: 'code',
  scope: 'openid profile email',
  prompt: 'consent',
})

/** Pages that anybody sees. */
const PATHS = ['/', '/account', '/recovery', '/registration', '/device', '/logout', '/nowhere']
/** Pages that a customer sees who is signed in. */
const OWN_PATHS = [
  ...['', '/profile', '/security', '/sessions', '/apps', '/companies', '/activity', '/data'],
  ...['/profile/edit', '/security/password', '/security/second-factor', '/data/delete'],
].map((path) => `/account${path}`)

const LOADED = { waitUntil: 'networkidle' } as const

const { positionals } = parseArgs({ allowPositionals: true })
const origin = positionals[0] ?? 'http://localhost:4000'
const open = (page: Page, path: string) => page.goto(origin + path, LOADED)
const browser = await launchChromium()
try {
  console.log('| page | first paint, median of 5 (ms) | loaded (KiB) |\n|---|---|---|')
  for (const path of PATHS) await measure(path, (page) => open(page, path))
  for (const path of OWN_PATHS) await measure(path, async (page) => open(await signedIn(page), path))
  await measure('/authorize', async (page) => open(await signedIn(page), `/authorize?${CONSENT}`))
  await measure('/device (with a code)', connectDevice)
} finally {
  await browser.close()
}

type Visit = { readonly title: string; readonly paintMs: number; readonly bytes: number }

/** Prints the middle one of several visits; `arrive` ends at the page that is measured. */
async function measure(name: string, arrive: (page: Page) => Promise<unknown>): Promise<void> {
  const visits: Visit[] = []
  for (let count = 0; count < TRIES; count++) visits.push(await visit(arrive))
  visits.sort((a, b) => a.paintMs - b.paintMs)
  const { title = '', paintMs = 0, bytes = 0 } = visits[Math.floor(TRIES / 2)] ?? {}
  console.log(`| ${title} (\`${name}\`) | ${Math.round(paintMs)} | ${(bytes / 1024).toFixed(1)} |`)
}

async function visit(arrive: (page: Page) => Promise<unknown>): Promise<Visit> {
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()
  await slowDown(page)
  await arrive(page)
  const measured = await page.evaluate<Visit>(MEASURE)
  await context.close()
  return measured
}

/** Signs in, and forgets what the pages of the sign-in have loaded. */
async function signedIn(page: Page): Promise<Page> {
  await page.goto(`${origin}/account`)
  await page.locator('#login').fill(CUSTOMER.login)
  await page.locator('#password').fill(CUSTOMER.password)
  await page.locator('#password').press('Enter')
  await page.waitForLoadState('networkidle')
  // Where a passkey is offered.
  await page.goto(`${origin}/account`)
  await forget(page)
  return page
}

/** The page on which a customer confirms a device, after its code. */
async function connectDevice(page: Page): Promise<void> {
  const body = new URLSearchParams({ client_id: 'device-app', scope: 'openid customer' })
  const answer = await fetch(`${origin}/device_authorization`, { method: 'POST', body })
  const { user_code } = (await answer.json()) as { user_code: string }
  await page.goto(`${origin}/device`)
  await page.locator('#user_code').fill(user_code)
  await forget(page)
  await page.locator('#user_code').press('Enter')
  await page.locator('.code-shown').waitFor()
  await page.waitForLoadState('networkidle')
}

async function forget(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.clearBrowserCache')
  await devtools.detach()
}

async function slowDown(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', SLOW_4G)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER_BY })
}
