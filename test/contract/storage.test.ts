import { describe } from 'vitest'
import { contractOn } from './storage.contract.ts'
import { embeddedBackends } from './storage-backends.ts'

describe.concurrent('the storage contract, inside the process', () => embeddedBackends.forEach(contractOn))
