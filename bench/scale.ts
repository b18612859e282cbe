/**
 * Does a request cost more when there are more customers and more live sign-ins? A shop of each size is filled, and all of
 * them are asked in turns about customers at random. Each measured point is printed and kept as it comes.
 *
 * npm run bench:scale -- --help
 */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { startStores } from './run/stores.ts'
import { renderCurves } from './scale/curves.ts'
import { HELP, readOptions, type ScaleCommand } from './scale/options.ts'
import { openPointFile, type Point, rowsOf } from './scale/points.ts'
import { renderScale } from './scale/report.ts'
import { runScale } from './scale/run-scale.ts'

/** As a shop of this size would have them; nothing of filling is left to be done while requests are measured. */
const STORE_SETTINGS = {
  postgres: { shared_buffers: '1GB', maintenance_work_mem: '256MB', max_wal_size: '8GB', checkpoint_timeout: '1h' },
  redis: ['--auto-aof-rewrite-percentage', '0'],
}

const command = readOptions(process.argv.slice(2))
if (command === 'help') console.log(HELP)
else await run(command)

async function run({ directory, isContinued, ...options }: ScaleCommand): Promise<void> {
  const path = (ending: string) => join(directory, `scale-${options.backends.replace('+', '-')}.${ending}`)
  const file = openPointFile(path('ndjson'), isContinued)
  const runDirectory = openRunDirectory()
  const stores = await startStores(STORE_SETTINGS)
  try {
    await runScale(options, stores, {
      say: console.log,
      onPoint(point) {
        file.add(point)
        console.log(said(point))
        const rows = rowsOf(file.all())
        writeFileSync(path('md'), `${renderScale(rows)}\n`)
        writeFileSync(path('svg'), `${renderCurves(`Processor time of a request, ${options.backends}`, rows)}\n`)
      },
    })
    console.log(`\n${options.backends}, load average ${(loadavg()[0] ?? 0).toFixed(1)}\n`)
    console.log(renderScale(rowsOf(file.all())))
    console.log(`\nin ${path('ndjson')}, .md and .svg`)
  } finally {
    await stores.stop()
    closeRunDirectory(runDirectory)
  }
}

function said({ scenario, customers, serverUs, storesUs }: Point): string {
  return `${scenario}, ${customers.toLocaleString('en')}: ${Math.round(serverUs)} + ${Math.round(storesUs)} µs`
}
