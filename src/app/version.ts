import { readFileSync } from 'node:fs'

/** The release that runs. */
export function readVersion(): string {
  // A package that was published has a version.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
