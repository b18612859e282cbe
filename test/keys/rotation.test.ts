import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextChangeAt } from '../../src/keys/schedule/cache-advice.ts'
import { decideRevoke, decideRotate } from '../../src/keys/schedule/manual-rotation.ts'
import { planRotation, type RotatingKey, type RotationStep, signerOf } from '../../src/keys/schedule/rotation.ts'
import {
  DEFAULT_ROTATION_POLICY,
  manualWaitSeconds,
  publicationSeconds,
  type RotationPolicy,
  retentionSeconds,
} from '../../src/keys/schedule/rotation-policy.ts'

const DAY = 86_400
const YEAR = 365 * DAY
const START = 1_700_000_000
const policy: RotationPolicy = { ...DEFAULT_ROTATION_POLICY, algorithms: ['ES256'] }

const key = (kid: string, state: RotatingKey['state'], since: number, createdAt = since): RotatingKey => ({
  kid,
  algorithm: 'ES256',
  state,
  since,
  createdAt,
})

test('an empty store gets one signing key and one that waits, for each algorithm', () => {
  const plan = planRotation([], { ...policy, algorithms: ['ES256', 'RS256'] }, START)
  expect(plan).toEqual([
    { action: 'generate', algorithm: 'ES256', state: 'active' },
    { action: 'generate', algorithm: 'ES256', state: 'pending' },
    { action: 'generate', algorithm: 'RS256', state: 'active' },
    { action: 'generate', algorithm: 'RS256', state: 'pending' },
  ])
})

test('a pending key does not sign before verifiers had time to fetch it', () => {
  const keys = [key('old', 'active', START - 400 * DAY), key('new', 'pending', START)]
  const ready = START + publicationSeconds(policy)
  expect(planRotation(keys, policy, ready - 1)).toEqual([])
  expect(planRotation(keys, policy, ready)[0]).toMatchObject({ action: 'activate', kid: 'new' })
})

test('a key that some node does not publish yet does not sign, however old it is', () => {
  const keys = [key('old', 'active', START - 400 * DAY), key('new', 'pending', START - 400 * DAY)]
  expect(planRotation(keys, policy, START, new Set(['new']))).toEqual([])
})

test('a retired key is published until its tokens have expired', () => {
  const keys = [key('a', 'active', START), key('p', 'pending', START), key('r', 'retired', START)]
  expect(planRotation(keys, policy, START + retentionSeconds(policy) - 1)).toEqual([])
  expect(planRotation(keys, policy, START + retentionSeconds(policy))).toEqual([{ action: 'remove', kid: 'r' }])
})

test('of two keys left active by a crash every node picks the later one, and the other is retired', () => {
  const keys = [key('old', 'active', START - DAY), key('new', 'active', START), key('p', 'pending', START)]
  expect(signerOf(keys)?.kid).toBe('new')
  expect(signerOf([...keys].reverse())?.kid).toBe('new')
  expect(planRotation(keys, policy, START)).toEqual([{ action: 'retire', kid: 'old', since: START }])
})

test('without a schedule keys change by hand only', () => {
  const keys = [key('old', 'active', START - 900 * DAY), key('new', 'pending', START - 900 * DAY)]
  expect(planRotation(keys, { ...policy, isAutomatic: false }, START)).toEqual([])
})

const policies: fc.Arbitrary<RotationPolicy> = fc
  .record({
    propagationSeconds: fc.integer({ min: DAY / 4, max: 30 * DAY }),
    rotationSeconds: fc.integer({ min: DAY, max: 180 * DAY }),
    tokenLifetimeSeconds: fc.integer({ min: 60, max: 60 * DAY }),
    jwksCacheSeconds: fc.integer({ min: 60, max: DAY / 4 }),
    clockSkewSeconds: fc.integer({ min: 0, max: 600 }),
  })
  .map((times) => ({ ...times, algorithms: ['ES256', 'RS256'], isAutomatic: true }))

/**
 * Events in the life of a fleet: some node, its clock off, looks; it may crash, and an operator may meddle. They come
 * again and again until a year is over.
 */
const lives = fc.array(
  fc.record({
    afterSeconds: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
      { weight: 4, arbitrary: fc.integer({ min: 3600, max: 3 * DAY }) },
    ),
    clockError: fc.constantFrom(-1, -1, 0, 0.5, 1),
    /** A node whose clock is furthest ahead looks at the very second at which it holds the next change for due. */
    isAtTheEdge: fc.boolean(),
    stepsBeforeCrash: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 4 }),
    command: fc.option(fc.constantFrom('rotate', 'revoke'), { freq: 20 }),
  }),
  { minLength: 240, maxLength: 240 },
)

test('over a year of any policy, wrong clocks and crashes: one signer, published first, every token verifiable', () => {
  let rotations = 0
  fc.assert(
    fc.property(policies, lives, (chosen, events) => {
      const fleet = createFleet(chosen)
      for (let turn = 0; fleet.elapsedSeconds() < YEAR; turn++) fleet.live(events[turn % events.length] as FleetEvent)
      rotations += fleet.rotations()
    }),
    { numRuns: 60 },
  )
  expect(rotations).toBeGreaterThan(200)
})

type FleetEvent = {
  afterSeconds: number
  clockError: number
  isAtTheEdge: boolean
  stepsBeforeCrash: number | null
  command: 'rotate' | 'revoke' | null
}

/** A model of many nodes on one store, in true time; `live` asserts the guarantees after each moment. */
function createFleet(chosen: RotationPolicy) {
  let trueTime = START
  let keys: RotatingKey[] = []
  let made = 0
  let rotations = 0
  const publishedAt = new Map<string, number>()
  const mayBeYoung = new Set<string>()
  const signers = new Map<string, string>()
  const lastExpiry = new Map<string, number>()

  const apply = (step: RotationStep, now: number) => {
    if (step.action === 'generate') {
      const { algorithm, state } = step
      const kid = `${algorithm}-${made++}`
      keys.push({ kid, algorithm, state, createdAt: now, since: now })
      publishedAt.set(kid, trueTime)
      const isFirst = !signers.has(algorithm)
      if (state === 'active' && isFirst) mayBeYoung.add(kid)
    } else if (step.action === 'remove' || step.action === 'revoke') {
      keys = keys.filter((each) => each.kid !== step.kid)
      if (step.action === 'revoke') lastExpiry.delete(step.kid)
    } else {
      const { kid, since } = step
      const state = step.action === 'activate' ? 'active' : 'retired'
      keys = keys.map((each) => (each.kid === kid ? { ...each, state, since } : each))
    }
  }

  const command = (name: 'rotate' | 'revoke', now: number) => {
    const context = { keys, policy: chosen, now, unpublished: new Set<string>(), force: 'no' } as const
    const algorithm = 'ES256' as const
    const signer = signerOf(keys.filter((each) => each.algorithm === algorithm))
    if (!signer) return
    const decision = name === 'rotate' ? decideRotate(context, [algorithm]) : decideRevoke(context, signer.kid)
    if (decision.outcome === 'refused') return
    for (const step of decision.steps) apply(step, now)
    const next = signerOf(keys.filter((each) => each.algorithm === algorithm))
    if (!next) return
    if (name === 'revoke') mayBeYoung.add(next.kid)
    const waited = trueTime - (publishedAt.get(next.kid) ?? trueTime)
    if (name === 'rotate')
      expect(waited).toBeGreaterThanOrEqual(manualWaitSeconds(chosen) - 2 * chosen.clockSkewSeconds)
    mayBeYoung.add(next.kid)
  }

  const assertGuarantees = () => {
    for (const algorithm of chosen.algorithms) {
      const own = keys.filter((each) => each.algorithm === algorithm)
      const signer = signerOf(own)
      if (!signer) throw new Error(`no ${algorithm} key signs`)
      if (signers.get(algorithm) !== signer.kid) {
        rotations++
        signers.set(algorithm, signer.kid)
        const publishedFor = trueTime - (publishedAt.get(signer.kid) ?? trueTime)
        if (!mayBeYoung.has(signer.kid)) expect(publishedFor).toBeGreaterThanOrEqual(chosen.propagationSeconds)
      }
      // Issued by the node whose clock is furthest ahead: the longest that any token of this moment lives.
      lastExpiry.set(signer.kid, trueTime + chosen.tokenLifetimeSeconds + chosen.clockSkewSeconds)
    }
    const published = new Set(keys.map((each) => each.kid))
    for (const [kid, expiresAt] of lastExpiry) {
      const isUnexpiredSomewhere = expiresAt + chosen.clockSkewSeconds > trueTime
      if (isUnexpiredSomewhere && !published.has(kid)) throw new Error(`a token signed by ${kid} cannot be verified`)
    }
  }

  return {
    live({ afterSeconds, clockError, isAtTheEdge, stepsBeforeCrash, command: name }: FleetEvent) {
      const edge = nextChangeAt(keys, chosen) - chosen.clockSkewSeconds
      const goesToEdge = isAtTheEdge && Number.isFinite(edge) && edge > trueTime && edge < trueTime + 3 * DAY
      trueTime = goesToEdge ? edge : trueTime + afterSeconds
      const now = trueTime + Math.round((goesToEdge ? 1 : clockError) * chosen.clockSkewSeconds)
      const steps = planRotation(keys, chosen, now)
      // The first start is not a moment of service: nothing is signed until it has come through once.
      const isServing = keys.length > 0 && signers.size === chosen.algorithms.length
      const survived = isServing && stepsBeforeCrash !== null ? steps.slice(0, stepsBeforeCrash) : steps
      for (const step of survived) apply(step, now)
      assertGuarantees()
      if (name && isServing) command(name, now)
      assertGuarantees()
    },
    elapsedSeconds: () => trueTime - START,
    rotations: () => rotations,
  }
}
