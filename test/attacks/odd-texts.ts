/** Names that fields have anywhere, so that a value reaches what reads it. */
export const FIELDS = [
  ...['token', 'client_id', 'client_secret', 'grant_type', 'scope', 'resource', 'code', 'redirect_uri', 'username'],
  ...['password', 'refresh_token', 'subject_token', 'assertion', 'logout_token', 'state', 'iss', 'user_code', 'csrf'],
  ...['email', 'login', 'id', 'loginId', 'user_id', 'usid', 'channel_id', 'pwd_action_token', 'locale', 'query'],
]
/** Texts that no column, no pattern and no header takes, as a percent-encoded form has them and as JSON has them. */
export const TEXTS: readonly (readonly [string, string, string])[] = [
  ['a NUL', 'a%00b', 'a\\u0000b'],
  ['half a character', '%ed%a0%80', '\\ud800'],
  ['no UTF-8', '%ff%fe', '\\udfff\\ud800'],
  ['line breaks', 'a%0d%0aSet-Cookie:%20x', 'a\\r\\nSet-Cookie: x'],
  ['a far number', '1e999', '1e999'],
  ['a prototype', '__proto__', '__proto__'],
  ['markup', '%3Cscript%3Ealert(1)%3C/script%3E', '<script>alert(1)</script>'],
]
