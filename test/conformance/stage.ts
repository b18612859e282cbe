import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { type ClientPage, startClientPage } from './relying-party.ts'

/** What the tests of a suite share: a server with the demo shop, a client's web page, and a browser. */
export type Stage = {
  readonly server: () => TestServer
  readonly client: () => ClientPage
  /** Runs `use` in a browser that has never been here before. */
  onNewBrowser<Result>(use: (page: Page) => Promise<Result>, options?: BrowserContextOptions): Promise<Result>
}

/** Sets the stage for the suite it is called in, and clears it away afterwards. */
export function setStage(settings: TestSettings = {}): Stage {
  let server: TestServer
  let client: ClientPage
  let browser: Browser

  beforeAll(async () => {
    ;[server, client, browser] = await Promise.all([startTestServer(settings), startClientPage(), connectChromium()])
  })

  afterAll(async () => {
    await browser?.close()
    await Promise.all([server?.stop(), client?.stop()])
  })

  return {
    server: () => server,
    client: () => client,
    async onNewBrowser(use, options) {
      const context = await newContext(browser, options)
      try {
        return await use(await context.newPage())
      } finally {
        await context.close()
      }
    },
  }
}
