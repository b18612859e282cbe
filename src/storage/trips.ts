import type { Storage } from './storage.ts'

/** Operations on one artifact; the first argument is its kind. */
export const ARTIFACT_TRIPS = [
  'put',
  'putOnce',
  'get',
  'findBy',
  'list',
  'consume',
  'swap',
  'receipt',
  'extend',
  'remove',
  'raise',
] as const satisfies readonly (keyof Storage)[]

/** The other operations that are a trip to the backend. */
export const OTHER_TRIPS = ['getMany', 'increment', 'publish'] as const satisfies readonly (keyof Storage)[]
