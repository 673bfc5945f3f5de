/** The two ends of one handshake as a fault makes them: the end that shows a certificate and the end that judges it. */

/** The part of the TLS settings that a fault may change at one end. */
export interface EndSettings {
  readonly minVersion?: 'TLSv1' | 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1' | 'TLSv1.2' | 'TLSv1.3'
  readonly ciphers?: string
  readonly ecdhCurve?: string
  readonly sigalgs?: string
  /** A server with DHE suites: its group as PEM, or `auto` for a strong one. */
  readonly dhparam?: string
  readonly alpn?: readonly string[]
  readonly allowPartialTrustChain?: boolean
  /** What a server staples when it is asked for an OCSP answer; a client with any value asks. */
  readonly staple?: 'nothing' | 'garbage' | 'error'
  /** What a server does with the first octets of a connection before TLS answers. */
  readonly door?: 'known-names' | 'small-hello' | 'proxy-header'
  /** Of the door `known-names`, in lower case. */
  readonly knownNames?: readonly string[]
  /** A server that shows this certificate for this name, and its usual one for every other and for none. */
  readonly named?: { readonly name: string; readonly certificate: string; readonly key: string }
  /** What a client sends as SNI instead of the name it dials; empty: none. */
  readonly sni?: string
  /** A client that sends a PROXY header before its ClientHello. */
  readonly sendsProxyHeader?: true
  /** A server that issues session tickets; a client that keeps and offers them. */
  readonly resumes?: true
  /** A client that shows its certificate only where the server announces a CA above it, as most but OpenSSL do. */
  readonly filtersByCaNames?: true
  /** Accepts every name in a certificate that is good in everything else. */
  readonly checksNoName?: true
  /** A server that asks for a certificate and demands none. */
  readonly asksOnly?: true
  /** A server that demands a certificate where a node would only ask. */
  readonly demands?: true
  /** A client that has no certificate, as browsers and phones. */
  readonly showsNothing?: true
  /** A server that closes the TCP connection without close_notify. */
  readonly closesBare?: true
  /** A server that has a second context for the name dialled, with its trust list and without its CRLs. */
  readonly contextWithoutCrl?: true
}

/** The end whose certificate is examined: the content of its files. */
export interface Presenter {
  /** Absent: no certificate at all. */
  readonly certificate?: string | Uint8Array
  readonly key?: string | Uint8Array
  /** What the process goes on showing, which read its files before they were renewed. Absent: what is in the files. */
  readonly served?: { readonly certificate: string; readonly key: string }
  /** Mode of the key file; `0o600` when absent. */
  readonly keyMode?: number
  readonly passphrase?: string
  /** Its own trust list, which Node also completes the chain it sends from. The root when absent. */
  readonly trust?: string
  readonly settings?: EndSettings
}

/** The end that decides. */
export interface Judge {
  /** Entries of the trust list; `undefined` leaves `ca` away, which lets Node trust the public roots. */
  readonly trust: readonly string[] | undefined
  /** One CRL each. Absent: revocation is not checked. */
  readonly crls?: readonly string[]
  readonly settings?: EndSettings
}

export interface Variation {
  readonly presenter: Presenter
  readonly judge: Judge
  /** What the client dials, or what an accepting server wants to find: `fe1.lab.test`, or an address. */
  readonly wantedName: string
  /** True: the client sends no SNI and checks the name by itself. */
  readonly withoutSni?: boolean
}
