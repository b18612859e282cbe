/** What does not fit in a shop's own views: a problem shows to customers, a warning may. */
export type Finding = { readonly kind: 'problem' | 'warning'; readonly file: string; readonly message: string }

/** Says what is wrong in a file. */
export const problem = (file: string, message: string): Finding => ({ kind: 'problem', file, message })
/** Says what may be wrong in a file. */
export const warning = (file: string, message: string): Finding => ({ kind: 'warning', file, message })
