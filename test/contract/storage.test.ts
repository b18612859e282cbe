import { describe } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { storageContract } from './storage.contract.ts'
import { storageBackends } from './storage-backends.ts'

for (const { name, needs, prepare } of storageBackends) {
  const suite = () =>
    storageContract(async () => {
      const place = await prepare()
      const [first, second] = [await place.open(), await place.open()]
      return { first, second, close: place.close }
    })
  if (needs) describeOn(needs, `storage on ${name}`, suite)
  else describe(`storage on ${name}`, suite)
}
