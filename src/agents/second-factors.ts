import type { SecondFactorTable } from '../credentials/second-factors.ts'

/** Where agents' second factors are kept. */
export const AGENT_SECOND_FACTORS: SecondFactorTable = { name: 'agent_second_factors', personColumn: 'agent_id' }
