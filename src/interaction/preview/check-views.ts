import { OWN_VIEWS } from '../pages.ts'
import { acceptBasis, checkBasis } from './based-on.ts'
import type { Finding } from './finding.ts'
import { checkFiles, filesBelow } from './overlay-files.ts'
import { checkPages } from './overlay-pages.ts'
import { checkTemplates } from './overlay-templates.ts'
import { checkTexts } from './overlay-texts.ts'

/** Everything in a shop's own views that does not fit this server, problems first; each once. */
export function checkViews(directory: string): Finding[] {
  const files = { own: filesBelow(OWN_VIEWS), overlay: filesBelow(directory) }
  const broken = [...checkFiles(directory), ...checkTemplates(directory, files), ...checkTexts(directory)]
  const stops = broken.some(({ kind }) => kind === 'problem')
  const findings = [
    ...broken,
    ...(stops ? [] : [...checkPages(directory), ...checkBasis(directory, replacedIn(files))]),
  ]
  const distinct = new Map(findings.map((finding) => [`${finding.file}: ${finding.message}`, finding]))
  return [...distinct.values()].sort((one, other) => one.kind.localeCompare(other.kind))
}

/** Notes what a shop's own views are based on, for the check after the next upgrade. Returns how many things. */
export function acceptViews(directory: string): number {
  return acceptBasis(directory, replacedIn({ own: filesBelow(OWN_VIEWS), overlay: filesBelow(directory) }))
}

const replacedIn = ({ own, overlay }: { readonly own: readonly string[]; readonly overlay: readonly string[] }) =>
  overlay.filter((file) => own.includes(file))
