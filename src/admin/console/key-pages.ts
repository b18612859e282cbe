import { z } from 'zod'
import { seeOther } from '../../http/see-other.ts'
import type { KeyListing } from '../../keys/ring/key-listing.ts'
import { Problem } from '../problem.ts'
import type { ConsolePage, Form, Refusal, Visit } from './page.ts'

const LIST = '/console/keys'
const ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

/** What can be done to one key, in words that say what follows from it. */
const ACTS = {
  activate: {
    title: 'Let this key sign',
    button: 'Let it sign from now on',
    consequence: 'The key that signs now is retired; tokens it signed stay good.',
    isForcible: true,
  },
  retire: {
    title: 'Retire this key',
    button: 'Retire it',
    consequence: 'It stops signing, its successor takes over, and tokens it signed stay good until they expire.',
    isForcible: true,
  },
  revoke: {
    title: 'Revoke this key',
    button: 'Revoke it now',
    consequence:
      'For a key that somebody else may have. It leaves the published set at once, every token it signed is dead, and ' +
      'verifiers that cached the set refuse new tokens until they fetch it again. This cannot be taken back.',
    isForcible: false,
  },
} as const

type Act = keyof typeof ACTS

/** Signing keys, with their countdowns and what can be done to them by hand. */
export const keyPages: readonly ConsolePage[] = [
  {
    path: '/keys',
    async open(visit) {
      const { items: keys } = await visit.api.get<{ items: KeyListing[] }>('/v1/keys')
      visit.show('keys', { title: 'Signing keys', keys })
    },
  },
  {
    path: '/keys/generate',
    open: async (visit) => showGenerate(visit),
    async submit(visit, { algorithm }) {
      const answer = await visit.api.send('POST', '/v1/keys', { body: { algorithm } })
      if (answer.outcome === 'refused') return showGenerate(visit, inConsoleWords(answer.problem))
      seeOther(visit.ctx, `${LIST}?done=key-generated`)
    },
  },
  {
    path: '/keys/rotate',
    open: async (visit) => showRotate(visit, {}),
    async submit(visit, form) {
      const { algorithm } = form
      const body = { force: isForced(form), ...(algorithm && { algorithm }) }
      const answer = await visit.api.send('POST', '/v1/keys/rotate', { body })
      if (answer.outcome === 'refused') return showRotate(visit, form, inConsoleWords(answer.problem))
      seeOther(visit.ctx, `${LIST}?done=keys-rotated`)
    },
  },
  {
    path: '/keys/:kid/:act',
    open: async (visit) => showAct(visit),
    async submit(visit, form) {
      const act = actOf(visit)
      if (!act) return showAct(visit)
      const path = `/v1/keys/${encodeURIComponent(kidOf(visit))}/${act}`
      const body = ACTS[act].isForcible ? { force: isForced(form) } : {}
      const answer = await visit.api.send('POST', path, { body })
      if (answer.outcome === 'refused') return showAct(visit, inConsoleWords(answer.problem))
      seeOther(visit.ctx, `${LIST}?done=key-${act}`)
    },
  },
]

function showGenerate(visit: Visit, problem?: Refusal): void {
  const title = 'Publish another key'
  visit.show('key-generate', { title, algorithms: ALGORITHMS, problem }, { status: problem?.status ?? 200 })
}

function showRotate(visit: Visit, form: Form, problem?: Refusal): void {
  visit.show(
    'key-rotate',
    { title: 'Rotate the signing keys', algorithms: ALGORITHMS, chosen: form.algorithm, problem },
    { status: problem?.status ?? 200 },
  )
}

function showAct(visit: Visit, problem?: Refusal): void {
  const act = actOf(visit)
  if (!act) throw new Problem(404, 'unknown-act', 'A key can be activated, retired or revoked.')
  const { title, button, consequence, isForcible } = ACTS[act]
  visit.show(
    'confirm',
    {
      title,
      subject: kidOf(visit),
      consequence,
      button,
      isDangerous: act === 'revoke',
      offersForce: isForcible && problem !== undefined,
      back: LIST,
      problem,
    },
    { status: problem?.status ?? 200 },
  )
}

function actOf({ params }: Visit): Act | undefined {
  return z.enum(Object.keys(ACTS) as [Act, ...Act[]]).safeParse(params.act).data // zod asks for one name at least
}

function kidOf({ params }: Visit): string {
  return params.kid ?? ''
}

function isForced({ force }: Form): boolean {
  return force === 'yes'
}

/** Refusals name the ways of the command line; here the same way out has another name. */
function inConsoleWords({ status, message }: Refusal): Refusal {
  const said = message
    .replace(/use --force/, 'tick “Do it anyway” below')
    .replace(/"vestibule keys list" shows/, 'the list of keys shows')
  return { status, message: `${said.charAt(0).toUpperCase()}${said.slice(1)}.` }
}
