import { expect, test } from 'vitest'
import { tellAgentStory } from './agent-story.ts'

test('an assistant links, buys within a mandate, is stopped above it, and every token is dead once the shopper withdraws', async () => {
  const { steps } = await tellAgentStory()
  const outcomes = (who: string) => steps.filter((step) => step.who === who).map(({ outcome }) => outcome)
  expect(outcomes('checkout')).toEqual([
    '201 17500 left',
    '200 17500 left',
    expect.stringMatching(/^409 mandate-exceeded per_order/),
    expect.stringMatching(/^409 approval-required/),
    '201 13000 left',
    expect.stringMatching(/^409 approval-required/),
    expect.stringMatching(/^410 mandate-over/),
  ])
  expect(outcomes('service')).toEqual([expect.stringContaining('"active":true'), '{"active":false}'])
  expect(outcomes('assistant').at(-1)).toBe('{"status":400,"error":"invalid_grant"}')
  expect(outcomes('shopper').at(-1)).toBe('nobody is linked')
  for (const type of ['link.created', 'mandate.granted', 'mandate.captured', 'mandate.approved', 'link.withdrawn'])
    expect(outcomes('auditor')[0]).toContain(type)
})
