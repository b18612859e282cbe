#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must be able to read this file to say what it needs.
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  // Keeps what Node makes of the TypeScript sources, so that later boots need not make it again.
  nodeModule.enableCompileCache?.()
  import('../src/main.ts').then(({ main }) => main(process.argv.slice(2)), sayWhatIsMissing)
} else {
  console.error(
    `Vestibule needs Node 22.18 or newer; this is Node ${process.versions.node}. ` +
      'Inside a checkout run "npm ci" and then "npm start" or "npx vestibule": the project brings Node 24 with it. ' +
      'Elsewhere install Node 24 from your system, or "npm install --global node@24".',
  )
  process.exitCode = 1
}

function sayWhatIsMissing(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.startsWith('Cannot find package')) throw error
  const directory = fileURLToPath(new URL('..', import.meta.url))
  console.error(
    `The packages of Vestibule are not installed. Run "npm ci" in ${directory}, ` +
      'or "npm ci --omit=dev --ignore-scripts" for production, and read what it says.',
  )
  process.exitCode = 1
}
