import { z } from 'zod'
import type { ReachProbes } from '../../oauth/engine/reach-probes.ts'
import { Problem } from '../problem.ts'
import { type Route, route } from './route.ts'

const probe = z.string().describe('The name of the announced request, for the header X-Vestibule-Probe.')
const arrival = z
  .object({
    peer: z.string().describe('The address at the other end of the connection: that of the proxy, if there is one.'),
    address: z.string().describe('The address that limits would count the request for.'),
    isForwarded: z.boolean().describe('Whether the request had X-Forwarded-For.'),
    host: z.string().describe('The Host header, as it arrived.'),
  })
  .meta({ id: 'Arrival' })

/** How requests arrive through the proxy in front: announce one, send it, and ask. */
export function reachProbeRoutes({ reachProbes }: { readonly reachProbes: ReachProbes }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/reach-probes',
      summary: 'Announce a request GET /health/live to the public listener, with this probe in X-Vestibule-Probe',
      permission: 'health:read',
      status: 201,
      result: z.object({ probe }),
      handle: async () => ({ probe: await reachProbes.announce() }),
    }),
    route({
      method: 'GET',
      path: '/v1/reach-probes/{probe}',
      summary: 'How the announced request arrived',
      permission: 'health:read',
      params: z.object({ probe }),
      result: arrival,
      refusals: [404],
      async handle({ params: { probe } }) {
        const arrived = await reachProbes.arrival(probe)
        if (arrived) return arrived
        throw new Problem(404, 'not-arrived', 'No such request has arrived within a minute of its announcement.')
      },
    }),
  ]
}
