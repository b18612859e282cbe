/** How severe a log event is: `warn` can wait until the next working day, `error` cannot. */
export type LogLevel = 'warn' | 'error'

type Described = { readonly level: LogLevel; readonly happened: string; readonly remedy: string }

/** Every log line of warn and above: what happened, and what to do. `docs/log-events.md` is made from this list. */
export const LOG_EVENTS = {
  'request.failed': {
    level: 'error',
    happened: 'A request failed because of a bug in the server, or because a database or storage call failed.',
    remedy: 'Read `err`. If it names the database or storage, repair that. Otherwise report a bug, with `requestId`.',
  },
  'brand.color-faint': {
    level: 'warn',
    happened: 'BRAND_COLOR or BRAND_COLOR_DARK cannot be read as the colour of a link.',
    remedy:
      'Nothing must be done: links have the nearest shade that can be read. `problem` names it, for a setting of your own.',
  },
  'storage.failed': {
    level: 'error',
    happened: 'The connection to Redis failed, or expired rows of the database could not be deleted.',
    remedy: 'Read `err`, and check REDIS_URL or DATABASE_URL. The server tries again by itself.',
  },
  'storage.lost': {
    level: 'error',
    happened: 'Redis, or storage.sqlite in DATA_DIR, was empty or had old data; all sessions were signed out.',
    remedy:
      'Find out why the data was lost. For Redis use `appendonly yes`; see docs/failure-modes.md. ' +
      'Back up and restore DATA_DIR as a whole.',
  },
  'storage.mark-failed': {
    level: 'warn',
    happened: 'The mark that shows whether the storage lost data could not be written.',
    remedy: 'Check that the storage and the database accept writes. The server tries again every two seconds.',
  },
  'approval.not-told': {
    level: 'warn',
    happened: 'A customer or the shop could not be told that a client asks for approval (CIBA).',
    remedy: 'Read `err`. The request is on the account page of the customer all the same.',
  },
  'sign-in-endings.unlogged': {
    level: 'warn',
    happened: 'The database took no announcement of an ending; it is kept in storage, and the ending took effect.',
    remedy: 'Check that the database accepts writes. The notices of the ending go out when it does.',
  },
  'sign-in-endings.unsettled': {
    level: 'warn',
    happened: 'An ending took effect, but the database did not take that it did; notices of it are late.',
    remedy: 'Check that the database accepts writes. A node looks for such endings every five seconds.',
  },
  'sign-in-endings.repair-failed': {
    level: 'warn',
    happened: 'Endings that a process left behind when it stopped could not be carried out yet.',
    remedy: 'Read `err`, and check the database and the storage. The server tries again every five seconds.',
  },
  'back-channel.not-queued': {
    level: 'error',
    happened: 'A sign-out in a browser could not be put into the outbox for a client: the client is not told of it.',
    remedy:
      'Read `err`, and check that the database accepts writes. The person can sign out again; the client is `clientId`.',
  },
  'outbox.failed': {
    level: 'warn',
    happened: 'The outbox could not be read or written; notices of endings are late.',
    remedy: 'Read `err`, and check that the database accepts writes. The server tries again by itself.',
  },
  'outbox.expand-failed': {
    level: 'warn',
    happened: 'Endings could not be turned into notices; they wait, and none is left out.',
    remedy:
      'Read `err`. If it names the database or the storage, repair that; otherwise report a bug. The server tries again.',
  },
  'outbox.dead-letter': {
    level: 'warn',
    happened: 'A receiver refused a notice, or did not take it in eight attempts; it is not sent again by itself.',
    remedy: 'Read `reason`, repair the receiver, and send it again: see docs/runbooks/outbox.md.',
  },
  'outbox.given-up': {
    level: 'warn',
    happened: 'A receiver took nothing for 24 hours; what waited for it for so long is not sent again by itself.',
    remedy: 'Repair the receiver, and send the dead letters of its `kind` again: see docs/runbooks/outbox.md.',
  },
  'shared-signals.changes-failed': {
    level: 'warn',
    happened: 'Changes of accounts could not be turned into signals for receivers of Shared Signals.',
    remedy:
      'Read `err`, and repair the database or the customer service. Nothing is lost: the server tries again by itself.',
  },
  'shared-signals.set-refused': {
    level: 'warn',
    happened: 'A receiver that polls a stream of Shared Signals could not take some of its signals.',
    remedy: 'Read what it said of them with "vestibule streams show", and tell the operator of the receiver.',
  },
  'shared-signals.stream-inactive': {
    level: 'warn',
    happened: 'A stream of Shared Signals was paused, because nobody polled it for 30 days.',
    remedy: 'Remove the stream if its receiver is gone. Otherwise have the receiver poll, and enable the stream again.',
  },
  'client.secret-guessing': {
    level: 'warn',
    happened: 'Too many wrong secrets for a client came from one network; the client is refused there for 15 minutes.',
    remedy: 'If the network is your own, correct the secret of the client. Otherwise nothing.',
  },
  'files.open-to-others': {
    level: 'warn',
    happened: 'Other users of this machine can read files of the server.',
    remedy: 'Give the files to the user of the server, and run `chmod -R go=` on the directory.',
  },
  'registrations.prune-failed': {
    level: 'warn',
    happened: 'Clients that registered themselves and are not used could not be removed.',
    remedy: 'Check that the database answers. The server tries again within the hour.',
  },
  'registrations.full': {
    level: 'warn',
    happened:
      'Software could not register itself: too many registrations within the hour, or too many clients that registered themselves.',
    remedy:
      'Look at `reason`, and at the newest clients: `npx vestibule clients list`. Set DYNAMIC_REGISTRATION to token if strangers fill the list.',
  },
  'status-lists.prune-failed': {
    level: 'warn',
    happened: 'Status lists whose tokens have all expired could not be removed.',
    remedy: 'Check that the database answers. The server tries again every minute.',
  },
  'keys.unreachable': {
    level: 'warn',
    happened: 'The key store cannot be read; this node continues with the keys it read last.',
    remedy: 'Read `reason`, and check KEYS_URL. This node misses key rotations until it can read the store.',
  },
  'keys.stores-differ': {
    level: 'error',
    happened: 'Other nodes publish different signing keys, because KEYS_URL names different key stores.',
    remedy: 'Set KEYS_URL to `sql:` on all nodes.',
  },
  'key.ignored': {
    level: 'warn',
    happened: 'A removed signing key was found in the key store, probably from a backup; it is not used.',
    remedy: 'Nothing. If a backup was restored, follow docs/runbooks/keys-restore.md.',
  },
  'keys.usage-lost': {
    level: 'warn',
    happened: 'Records of key usage could not be written; some are lost.',
    remedy: 'Check that the database accepts writes. Before you remove a key, wait for new records.',
  },
  'keys.lifetime-unknown': {
    level: 'warn',
    happened: 'The longest access token lifetime could not be read; key rotation uses the last known value.',
    remedy: 'Check that the database answers. The server tries again by itself.',
  },
  'secrets.follow-failed': {
    level: 'warn',
    happened: 'This node could not read the server secrets; it continues with those it read last.',
    remedy: 'Check that the database answers. The server tries again by itself.',
  },
  'resource-server.algorithm-missing': {
    level: 'error',
    happened:
      'A resource server needs tokens signed with an algorithm that has no signing key; the request was refused.',
    remedy: 'Add the `algorithm` to SIGNING_ALGORITHMS, or change the resource server.',
  },
  'token.too-large': {
    level: 'warn',
    happened: 'An access token is larger than TOKEN_SIZE_BUDGET_BYTES.',
    remedy:
      'Reduce the permissions in the token, or raise TOKEN_SIZE_BUDGET_BYTES if your proxies accept longer headers.',
  },
  'dialect.client-missing': {
    level: 'warn',
    happened:
      'The client that DIALECT_CLIENTS names for a dialect does not exist; endpoints of the dialect answer 503 until it does.',
    remedy:
      'Create the client with `vestibule clients create CLIENT_ID --preset dialect`, or correct DIALECT_CLIENTS. No restart is needed for a client that is created.',
  },
  'dialect.callback-failed': {
    level: 'warn',
    happened: 'A dialect could not hand a code or a token to the address of the shop that was registered for it.',
    remedy: 'Read `reason`, and check that `url` answers POST requests of this server. The customer asks again.',
  },
  'dialect.client-misconfigured': {
    level: 'warn',
    happened: 'The client of a dialect lacks something that an endpoint needs; the request was refused.',
    remedy: 'Read `reason`, and correct the client, most often its `grant_types`.',
  },
  'uses.lost': {
    level: 'error',
    happened: 'Counts of which client uses which dialect or grant type could not be written; some are lost.',
    remedy: 'Check that the database accepts writes.',
  },
  'sign-in-webhook.given-up': {
    level: 'warn',
    happened: 'SIGN_IN_WEBHOOK_URL did not accept a sign-in report; the report was dropped.',
    remedy: 'Read `reason`, and repair the receiver. Guest carts of these sign-ins are not merged.',
  },
  'customer-service.failed': {
    level: 'warn',
    happened:
      'The service at SHOP_DIRECTORY_URL or LEGACY_DIRECTORY_URL did not answer, or answered wrongly; the request was answered 503.',
    remedy:
      'Read `kind`, `status` and `member`, and repair the service. `vestibule doctor` asks it; docs/how-to/shop-directory.md has the kinds.',
  },
  'password.unusable': {
    level: 'warn',
    happened:
      'The password of a customer cannot be checked or moved, or the shop answered a sign-in with another customer.',
    remedy: 'Read `problem`. Import the customer again, or let the customer set a new password.',
  },
  'password.wrapping-failed': {
    level: 'error',
    happened: 'Wrapping imported password hashes failed; the server continues in a minute.',
    remedy: 'Read `err`, and check that the database accepts writes.',
  },
  'lockout.address-not-saved': {
    level: 'warn',
    happened: 'The address of a customer who refreshed tokens could not be saved.',
    remedy: 'Check that storage answers. Until then customers at new addresses are locked out sooner.',
  },
  'audit.write-failed': {
    level: 'warn',
    happened: 'Audit entries could not be written to the database; they wait in memory.',
    remedy: 'Check that the database accepts writes. Entries are lost if this node stops, or when 20,000 wait.',
  },
  'audit.prune-failed': {
    level: 'warn',
    happened: 'Audit entries older than AUDIT_RETENTION_DAYS could not be removed.',
    remedy: 'Read `err`. The server tries again in an hour.',
  },
  'token-history.write-failed': {
    level: 'warn',
    happened: 'Records of tokens could not be written to the database; they wait in memory.',
    remedy: 'Check that the database accepts writes. Records are lost if this node stops, or when 20,000 wait.',
  },
  'client-links.write-failed': {
    level: 'warn',
    happened:
      'The last uses of links of customers with clients could not be written to the database; they wait in memory.',
    remedy: 'Check that the database accepts writes. The uses are lost if this node stops, or when 20,000 wait.',
  },
  'client-links.prune-failed': {
    level: 'warn',
    happened: 'Links and consents that were not used for a year could not be removed.',
    remedy: 'Read `err`. The server tries again by itself.',
  },
  'token-history.prune-failed': {
    level: 'warn',
    happened: 'Records of tokens older than TOKEN_HISTORY_DAYS could not be removed.',
    remedy: 'Read `err`. The server tries again by itself.',
  },
  'account.deletion-failed': {
    level: 'warn',
    happened: 'Accounts that customers had asked to delete could not be erased although their day has come.',
    remedy: 'Read `err`. The server tries again every minute.',
  },
  'support-access.prune-failed': {
    level: 'warn',
    happened: 'Records of support access older than AUDIT_RETENTION_DAYS could not be removed.',
    remedy: 'Read `err`. The server tries again by itself.',
  },
  'audit-webhook.failed': {
    level: 'warn',
    happened: 'AUDIT_WEBHOOK_URL did not accept audit entries; they wait in the database.',
    remedy: 'Read `err`, and repair the receiver. The server tries again by itself.',
  },
  'customer-webhook.failed': {
    level: 'warn',
    happened: 'CUSTOMER_WEBHOOK_URL did not accept changes of customers; they wait in the database.',
    remedy: 'Read `err`, and repair the receiver. The server tries again by itself.',
  },
  'mail.delayed': {
    level: 'warn',
    happened: 'A mail could not be sent; the server tries again after `delayMs`.',
    remedy: 'Read `reason` and `answer`. If this repeats, check MAIL_URL and the mail server.',
  },
  'mail.given-up': {
    level: 'error',
    happened: 'A mail could not be sent and was dropped.',
    remedy:
      'Read `reason` and `answer`, and check MAIL_URL and the mail server. The customer can ask for another mail.',
  },
  'mail.dropped': {
    level: 'error',
    happened: 'A mail was dropped because too many mails are waiting.',
    remedy: 'Check that the mail server at MAIL_URL answers.',
  },
  'mail.write-failed': {
    level: 'error',
    happened: 'A mail could not be written and was dropped.',
    remedy: 'Read `err`, and check that the database and storage answer.',
  },
  'issuer.keys-unavailable': {
    level: 'warn',
    happened:
      'The keys of a trusted issuer could not be fetched; `issuer` names its record. Assertions of it are refused.',
    remedy: 'Read `reason`, and run `vestibule issuers check ID`. The server tries again by itself.',
  },
  'upstream.failed': {
    level: 'warn',
    happened:
      'A sign-in provider did not answer, or its answer or its logout token was not believed; `upstream` names it, `step` says where.',
    remedy:
      'Read `reason`. `metadata`, `keys` and `token` are settings or the network: run `vestibule upstreams check ID`. Many of `id-token` can be an attack.',
  },
  'mail.left-in-outbox': {
    level: 'warn',
    happened: 'MAIL_URL is unset: a mail was saved as a file instead of being sent.',
    remedy: 'Open the `file`. To send mails, set MAIL_URL.',
  },
  'tracing.export-failed': {
    level: 'warn',
    happened: 'The collector at OTEL_EXPORTER_OTLP_ENDPOINT does not accept traces; they are dropped until it does.',
    remedy: 'Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS. Requests are not affected.',
  },
  'data-dir.not-writable': {
    level: 'warn',
    happened: 'DATA_DIR cannot be written: the command line on this machine cannot find the server.',
    remedy: 'Make DATA_DIR writable, or set ADMIN_TOKEN to use the command line.',
  },
  'workers.died': {
    level: 'error',
    happened: 'A worker process ended without being told to; another is started.',
    remedy: 'Read `exitCode`, `signal` and the lines before. SIGKILL often means that memory ran out.',
  },
  'workers.restart-failed': {
    level: 'error',
    happened: 'A new worker did not start, so the restart stopped; the remaining old workers continue to serve.',
    remedy: 'Read the lines before, correct the cause, and send SIGHUP again.',
  },
  'workers.metrics-failed': {
    level: 'error',
    happened: 'The metrics of the workers could not be added up; a request for metrics got no answer.',
    remedy: 'Report a bug, with `err`.',
  },
} as const satisfies Record<string, Described>

/** The name of a log event; operators search for it and alert on it, so a name stays. */
export type LogEvent = keyof typeof LOG_EVENTS

/** The events of one level. */
export type LogEventAt<Level extends LogLevel> = {
  [Name in LogEvent]: (typeof LOG_EVENTS)[Name]['level'] extends Level ? Name : never
}[LogEvent]
