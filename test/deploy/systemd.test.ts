import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const UNIT = fileURLToPath(new URL('../../deploy/systemd/vestibule.service', import.meta.url))
const ANALYZE = '/usr/bin/systemd-analyze'
/** Tenths: systemd calls everything up to 4.9 of 10 well. */
const MAX_EXPOSURE = '20'

test.skipIf(!existsSync(ANALYZE))('systemd finds the unit little exposed (needs systemd-analyze)', async () => {
  const args = ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, '--no-pager', UNIT]
  const { stdout } = await promisify(execFile)(ANALYZE, args)
  expect(stdout).toMatch(/Overall exposure level for vestibule\.service: [01]\.\d/)
})
