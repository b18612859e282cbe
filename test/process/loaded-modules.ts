/** A program: prints which modules a server loads before it knows its settings, a URL a line. */
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    console.log(url)
    return nextLoad(url, context)
  },
})
// What `serve` loads: a constant path would be looked at by the type checker, and loaded before the hook.
for (const path of ['../../src/main.ts', '../../src/cli/serve/serve.ts', '../../src/server.ts']) await import(path)
