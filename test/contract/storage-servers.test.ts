import { describe } from 'vitest'
import { contractOn } from './storage.contract.ts'
import { distributedBackends } from './storage-backends.ts'

// A file of its own: the embedded database keeps the process busy for longer than a server's answer may take.
describe.concurrent('the storage contract, on servers', () => distributedBackends.forEach(contractOn))
