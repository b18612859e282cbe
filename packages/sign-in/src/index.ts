export { type Details, SignInError } from './errors.ts'
export { answerByPasskey } from './passkey.ts'
export { createSignIn, type SignIn } from './sign-in.ts'
export { browserStore, memoryStore } from './store.ts'
export type {
  KeyPair,
  LoginOptions,
  OnStep,
  Problem,
  SignInOptions,
  State,
  Step,
  StepAnswer,
  Store,
  Tokens,
} from './types.ts'
