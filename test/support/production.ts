import type { TestSettings } from './server.ts'

/** What a server needs to start in production, beside an address. */
export const PRODUCTION: TestSettings = {
  NODE_ENV: 'production',
  COOKIE_KEYS: 'Vq0yTr7mJw3uXk9sLb5eZd1aNc8gHf2p',
  KEY_ENCRYPTION_KEY: 'Rk4xGm9tBz6wQj2vYd7hPn1sLc5fUe8a',
}
