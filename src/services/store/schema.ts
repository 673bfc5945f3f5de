/** The tables of the two schemas, as the queries see them. Times are wall-clock milliseconds; absent text is empty. */

/** Accounts and what servers trust: read by directors and front ends. */
export interface DirectoryTables {
  accounts: AccountRow
  credentials: CredentialRow
  domains: { name: string }
  trusted_servers: { fqdn: string; version: number }
  edges: { fqdn: string }
}

export interface AccountRow {
  /** `sip:alice@lab.test` */
  aor: string
  /** `alice` */
  login: string
  display_name: string
  /** FQDN of the pool that homes the user, e.g. `pool.lab.test`. */
  home_pool: string
  /** 1: may sign in from outside. */
  remote: number
  /** 0: kept, but may not sign in and cannot be called. */
  enabled: number
  /** 1: takes anonymous calls; 0: takes none; -1: those that come by a static route. */
  anonymous_calls: number
}

/** One secret of one account under one name, never the password itself. */
export interface CredentialRow {
  /** As the client sends it: `alice` or `alice@lab.test`. */
  username: string
  /** `digest-md5`, `digest-sha-256`; others as schemes join. */
  scheme: string
  realm: string
  aor: string
  /** Hexadecimal; for Digest H(username:realm:password), RFC 7616 §3.4.2. */
  hash: string
}

/** What the front ends of one pool share. */
export interface PoolTables {
  bindings: BindingRow
  subscriptions: SubscriptionRow
  user_documents: UserDocumentRow
}

export interface BindingRow {
  aor: string
  /** Tells the bindings of one address-of-record apart; see `bindingKey`. */
  binding_key: string
  contact: string
  q: number
  expires: number
  call_id: string
  cseq: number
  /** Path values, one a line. */
  path: string
  instance: string
  /** 0: none. */
  reg_id: number
  epid: string
  /** FQDN of the front end whose flow it came by. */
  owner: string
  /** Path value that leads to that front end and names the flow; empty when there is none. */
  owner_route: string
  /** Process and flow, e.g. `9f86d081:17`; empty: the contact is dialled. */
  flow: string
  user_agent: string
  /** Source of the REGISTER, e.g. `192.0.2.7:5061`. */
  received: string
}

export interface SubscriptionRow {
  /** Call-ID, the notifier's tag, and the resource: one dialog may watch many. */
  dialog: string
  event: string
  /** Whose state is watched. */
  resource: string
  watcher: string
  expires: number
  owner: string
  /** What the notifier needs to go on with the dialog, as JSON. */
  state: string
}

/** What a user keeps at the server: contacts, who may see what, publications. */
interface UserDocumentRow {
  owner: string
  /** `contacts`, `access`, `presence`. */
  kind: string
  /** Rises by one with each change; a writer names the one that it read. */
  version: number
  /** JSON. */
  state: string
}
