import type { Plan } from '../generator/turn.ts'
import type { Scenario } from './scenarios.ts'
import { asText, type Target } from './target.ts'

/** How much a turn asks for. */
export type Amount = {
  readonly connections: number
  /** Tokens that requests use up: the turn ends with the last. */
  readonly supply: number
}

const TOKEN = 'token-goes-here'

/** Gets the tokens that a turn of this scenario needs, and says how its requests are made of them. */
export async function makePlan(scenario: Scenario, target: Target, { connections, supply }: Amount): Promise<Plan> {
  const { token } = scenario
  const text = (of: string) => asText(scenario.request(target, of), target.port)
  if (!token) return { kind: 'same', request: text('') }
  switch (token.use) {
    case 'same': {
      const [one = ''] = await target.tokens(token.kind, 1)
      return { kind: 'same', request: text(one) }
    }
    case 'once':
      return { kind: 'once', requests: (await target.tokens(token.kind, supply)).map(text) }
    case 'chain':
      return {
        kind: 'chain',
        ...around(text(TOKEN)),
        tokens: await target.tokens(token.kind, connections),
        member: 'refresh_token',
      }
  }
}

/** The text of a request without the value of its last header, Content-Length, and without its token. */
function around(text: string): { head: string; beforeToken: string; afterToken: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [beforeToken = '', afterToken = ''] = body.split(TOKEN)
  return { head: head.replace(/\d+$/, ''), beforeToken, afterToken }
}
