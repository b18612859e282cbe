import { execFile } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')

/** A directory with what the last stage of the image copies, and the packages beside it. */
function imageDirectory(): string {
  const directory = temporaryDirectory('image')
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  for (const [, words = ''] of lastStage.matchAll(/^COPY (?!--)(.*)$/gm)) {
    const sources = words.split(/\s+/)
    const target = sources.pop() ?? ''
    for (const source of sources)
      cpSync(join(ROOT, source), join(directory, target, target.endsWith('/') ? source : ''), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

/** The image's own health check, as Docker would run it. */
async function healthCheck(port: string): Promise<number> {
  const [, words = ''] = /HEALTHCHECK [\s\S]*?CMD (\[.*\])/.exec(dockerfile) ?? []
  const [, ...args] = JSON.parse(words) as string[]
  const { NODE_OPTIONS: _, ...environment } = process.env
  const check = promisify(execFile)(process.execPath, args, { env: { ...environment, PORT: port } })
  return check.then(
    () => 0,
    (error: { code: number }) => error.code,
  )
}

test('what the image copies is enough to serve in production, and its health check tells a server from none', async () => {
  const directory = imageDirectory()
  const state = temporaryDirectory('state')
  const port = String(await freePort())
  expect(await healthCheck(port)).toBe(1)
  const daemon = await startDaemon(process.execPath, [join(directory, 'bin/vestibule.js'), 'serve'], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      ISSUER: `http://localhost:${port}`,
      PORT: port,
      ADMIN_PORT: '0',
      DATA_DIR: await copyTemplate('migrated', state),
      KEYS_URL: `file:${join(state, 'keys')}`,
      COOKIE_KEYS: 'a-cookie-key-of-production-0123',
      KEY_ENCRYPTION_KEY: 'a-key-for-the-keys-of-production',
    },
  })
  try {
    await waitFor(async () => (await healthCheck(port)) === 0, { what: daemon.stderr() })
    const page = await fetch(`http://localhost:${port}/.well-known/openid-configuration`)
    expect(page.status).toBe(200)
  } finally {
    expect((await daemon.end('SIGTERM')).code).toBe(0)
  }
})
