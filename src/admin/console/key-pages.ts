import { z } from 'zod'
import { seeOther } from '../../http/see-other.ts'
import type { KeyListing } from '../../keys/ring/key-listing.ts'
import { Problem } from '../problem.ts'
import { type ConsolePage, type ConsoleRequest, type Form, isFinal, type Refusal } from './page.ts'

const LIST = '/console/keys'
const ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

/** What can be done to one key, in words that say what follows from it. */
const ACTS = {
  activate: {
    title: 'Sign with this key',
    button: 'Sign with it now',
    consequence: 'The current signing key is retired; tokens that it signed stay valid.',
    isForcible: true,
  },
  retire: {
    title: 'Retire this key',
    button: 'Retire it',
    consequence:
      'It stops signing, and the next key signs instead. Tokens that it signed stay valid until they expire.',
    isForcible: true,
  },
  revoke: {
    title: 'Revoke this key',
    button: 'Revoke it now',
    consequence:
      'For a key that may have been stolen. It is removed from the published set at once, all tokens that it signed stop working, and ' +
      'verifiers that cached the set refuse new tokens until they fetch it again. This cannot be undone.',
    isForcible: false,
  },
} as const

type Act = keyof typeof ACTS

/** Signing keys, with their countdowns and what can be done to them by hand. */
export const keyPages: readonly ConsolePage[] = [
  {
    path: '/keys',
    async open(request) {
      const { items: keys } = await request.api.get<{ items: KeyListing[] }>('/v1/keys')
      request.show('keys', { title: 'Signing keys', keys })
    },
  },
  {
    path: '/keys/generate',
    open: async (request) => showGenerate(request),
    async submit(request, { algorithm }) {
      const answer = await request.api.send('POST', '/v1/keys', { body: { algorithm } })
      if (answer.outcome === 'refused') return showGenerate(request, inConsoleWords(answer.problem))
      seeOther(request.ctx, `${LIST}?done=key-generated`)
    },
  },
  {
    path: '/keys/rotate',
    open: async (request) => showRotate(request, {}),
    async submit(request, form) {
      const { algorithm } = form
      const body = { force: isForced(form), ...(algorithm && { algorithm }) }
      const answer = await request.api.send('POST', '/v1/keys/rotate', { body })
      if (answer.outcome === 'refused') return showRotate(request, form, inConsoleWords(answer.problem))
      seeOther(request.ctx, `${LIST}?done=keys-rotated`)
    },
  },
  {
    path: '/keys/:kid/:act',
    open: async (request) => showAct(request),
    async submit(request, form) {
      const act = actOf(request)
      if (!act) return showAct(request)
      const path = `/v1/keys/${encodeURIComponent(kidOf(request))}/${act}`
      const body = ACTS[act].isForcible ? { force: isForced(form) } : {}
      const answer = await request.api.send('POST', path, { body })
      if (answer.outcome === 'refused') return showAct(request, inConsoleWords(answer.problem))
      seeOther(request.ctx, `${LIST}?done=key-${act}`)
    },
  },
]

function showGenerate(request: ConsoleRequest, problem?: Refusal): void {
  const title = 'Publish another key'
  request.show('key-generate', { title, algorithms: ALGORITHMS, problem }, { status: problem?.status ?? 200 })
}

function showRotate(request: ConsoleRequest, form: Form, problem?: Refusal): void {
  request.show(
    'key-rotate',
    {
      title: 'Rotate the signing keys',
      algorithms: ALGORITHMS,
      chosen: form.algorithm,
      problem,
      offersForce: isForceOffered(problem),
    },
    { status: problem?.status ?? 200 },
  )
}

function showAct(request: ConsoleRequest, problem?: Refusal): void {
  const act = actOf(request)
  if (!act) throw new Problem(404, 'unknown-act', 'A key can be activated, retired or revoked.')
  const { title, button, consequence, isForcible } = ACTS[act]
  request.show(
    'confirm',
    {
      title,
      subject: kidOf(request),
      consequence,
      button,
      isDangerous: act === 'revoke',
      offersForce: isForcible && isForceOffered(problem),
      isFinal: isFinal(problem) && !isForceOffered(problem),
      back: LIST,
      problem,
    },
    { status: problem?.status ?? 200 },
  )
}

function actOf({ params }: ConsoleRequest): Act | undefined {
  return z.enum(Object.keys(ACTS) as [Act, ...Act[]]).safeParse(params.act).data // zod asks for one name at least
}

function kidOf({ params }: ConsoleRequest): string {
  return params.kid ?? ''
}

/** In the words below. Where force does not help, it is not offered. */
function isForceOffered(problem: Refusal | undefined): boolean {
  return problem?.message.includes('Do it anyway') === true
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
