import { openKeyRing } from '../../src/keys/ring/key-ring.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { quiet } from './quiet-log.ts'

/** One of several processes that open the same, empty key directory at the same time; prints the kids it ends with. */
const store = await openKeyStore({ KEYS_URL: `file:${process.argv[2]}` })
const ring = await openKeyRing({ store, algorithms: ['ES256'], log: quiet })
process.stdout.write(
  ring
    .keys()
    .map(({ kid, state }) => `${kid} ${state}`)
    .join('\n'),
)
await ring.close()
