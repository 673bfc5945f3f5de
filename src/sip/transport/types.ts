/** The transport layer as seen from above: listeners, flows, dialling, and the news that climbs up. */
import type { SipRequest, SipResponse } from '../message/types.ts'
import type { Flow, FlowId, OwnIdentity, PeerIdentity, SocketAddress, TransportName } from './flow.ts'

/** Where a request goes next, after RFC 3263: one address, one transport, and the name its certificate must carry. */
export interface NextHop {
  readonly transport: TransportName
  readonly address: string
  readonly port: number
  /** Name to verify on a secure transport and to send as SNI, e.g. `fe1.lab.test`. undefined on insecure ones. */
  readonly verifyName: string | undefined
  /** Face to leave by. */
  readonly face: string
  /** What is shown when dialling, where it is not the certificate of the face: the name given to `setOutgoingTls`. */
  readonly identity?: string
  /**
   * Host the address came from, e.g. `fe1.lab.test`: names the flow and its link faults. Absent: `verifyName`, else the
   * address.
   */
  readonly host?: string
}

/** Everything one end saw of the other's certificate, handed to the judge before the first octet is read. */
export interface PeerEvidence {
  readonly side: 'accepted' | 'dialled'
  readonly face: string
  readonly remote: SocketAddress
  /** The name we dialled; undefined on accepted flows. */
  readonly wantedName: string | undefined
  /** DER, leaf first, as far as Node shows it (certificate-less peers: empty). */
  readonly chain: readonly Buffer[]
  /** Node's own verdict. */
  readonly authorized: boolean
  /** e.g. `CERT_HAS_EXPIRED`; undefined when authorized or when there is no certificate. */
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  readonly protocol: string
  /** This end would have accepted the peer without a certificate. Absent: it demands one, or it dialled. */
  readonly unneeded?: true
  /** A resumed session was never judged: it must be refused. */
  readonly resumed: boolean
}

export type Judgement =
  | { readonly kind: 'accept'; readonly peer: PeerIdentity | undefined }
  /** `code` is a verdict code; `detail` travels unread to `onRefused`. */
  | { readonly kind: 'refuse'; readonly code: string; readonly detail: unknown }

/** What TLS needs on one face. Replaced whole on reload; live flows keep what they had. */
export interface TlsMaterial {
  /** PEM: leaf first, then its chain. Empty, with an empty key: this end dials without a certificate, as phones do. */
  readonly certificate: string
  readonly key: string
  /** Trust anchors, PEM, one entry each; never empty. */
  readonly ca: readonly string[]
  /** CRLs, PEM, one entry each; undefined: revocation is not checked. */
  readonly crl: readonly string[] | undefined
  readonly own: OwnIdentity
  readonly minVersion: 'TLSv1' | 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion: 'TLSv1' | 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL cipher string, e.g. with `@SECLEVEL=0` to read 2005's certificates. undefined: Node's default. */
  readonly ciphers: string | undefined
  /** What newer certificate is in the file of this one, which was loaded before: for a verdict. Absent: none. */
  readonly renewed?: string
  /** What a fault of the lab changes beside certificates. Absent: Node's defaults. */
  readonly tuning?: TlsTuning
}

/** Settings of a TLS end that are changed only to break it. */
export interface TlsTuning {
  /** Key exchange groups, `P-256:X25519`. */
  readonly ecdhCurve?: string
  /** Signature algorithms, `ecdsa_secp256r1_sha256`. */
  readonly sigalgs?: string
  /** Group of a server with DHE suites: PEM, or `auto`. */
  readonly dhparam?: string
  /** Protocol names offered or taken (RFC 7301); none otherwise. */
  readonly alpn?: readonly string[]
  /** An intermediate CA in the trust list is an anchor. */
  readonly allowPartialTrustChain?: boolean
  /** What a server staples when asked for an OCSP answer; a client with any value asks. */
  readonly staple?: 'nothing' | 'garbage' | 'error'
  readonly passphrase?: string
  /** What a server does with the first octets of a connection before TLS answers. */
  readonly door?: 'known-names' | 'small-hello' | 'proxy-header'
  /** Of the door `known-names`, in lower case. */
  readonly knownNames?: readonly string[]
  /** A server that shows this certificate for this name, and its usual one for every other and for none. */
  readonly named?: NamedCertificate
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
  /** A server that asks for a certificate and demands none, whatever its listener says. */
  readonly asksOnly?: true
  /** A server that demands a certificate where its listener would only ask, or not even that. */
  readonly demands?: true
  /** A client that dials without its certificate, as browsers do. */
  readonly showsNothing?: true
}

export interface NamedCertificate {
  readonly name: string
  /** PEM: leaf first, then its chain. */
  readonly certificate: string
  readonly key: string
}

export interface ListenerSettings {
  readonly face: string
  readonly transport: TransportName
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  /** required: no certificate, no connection; requested: judged when shown; off: not asked for. */
  readonly mutual: 'required' | 'requested' | 'off'
  /** For tls and wss. */
  readonly tls: TlsMaterial | undefined
  /**
   * How a peer is refused. silent (also when absent): the connection closes after the handshake, and a missing
   * certificate gets the alert of OpenSSL; explained: its first request is answered with 403 and the code. Over wss
   * always silent.
   */
  readonly refusals?: 'silent' | 'explained'
}

export interface Listener {
  readonly settings: ListenerSettings
  /** With the real port. */
  readonly local: SocketAddress
  /** New handshakes use it at once; throws (and keeps the old one) when it cannot be loaded. */
  replaceTls(material: TlsMaterial): void
  close(): Promise<void>
}

/** A handshake or dial that failed, with all this end knows; the layer above makes the verdict. */
export interface Refusal {
  readonly side: 'accepted' | 'dialled'
  readonly face: string
  readonly local: SocketAddress | undefined
  readonly remote: SocketAddress
  readonly wantedName: string | undefined
  /**
   * Verdict code, e.g. `cert.expired`, `tls.handshake-failed`, `link.refused`, `link.cut`,
   * `flow.closed-after-handshake`.
   */
  readonly code: string
  /** Node's error code and message where there is one. */
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  /** Present exactly when this end refused the other one's certificate, or the lack of one. */
  readonly evidence: PeerEvidence | undefined
  readonly detail: unknown
  readonly own: OwnIdentity | undefined
  /** What the other end showed, where it was accepted before the connection ended. Absent: nothing, or not known. */
  readonly peer?: PeerIdentity | undefined
}

export interface TransportUser {
  /**
   * Who says to a peer on that face what was wrong with its message (Warning); undefined: the peer is not to know.
   * Absent: no one does.
   */
  warningAgent?(face: string): string | undefined
  onRequest(request: SipRequest, flow: Flow): void
  onResponse(response: SipResponse, flow: Flow): void
  onFlowOpened(flow: Flow): void
  /** `because`: `peer-closed`, `idle`, `framing-lost`, a verdict code, … */
  onFlowClosed(flow: Flow, because: string): void
  onRefused(refusal: Refusal): void
  /** This end dials without its certificate, since the server announces no CA above it. */
  onWithheld?(withheld: { readonly remote: SocketAddress; readonly found: string }): void
  /** A flow brought more than is read of one in a turn of the event loop: the rest waits. */
  onBehind?(flow: Flow): void
  /** Datagrams wait for so many milliseconds until they are read: 0 when none are left, Infinity when some are lost. */
  onWait?(ms: number): void
  /**
   * Malformed input and the like, for counters, trace and log: `message.malformed`, `connection.probe`,
   * `connection.limit`, …
   */
  onIncident(incident: {
    readonly event: string
    readonly flow: Flow | undefined
    readonly remote: SocketAddress
    readonly reason: string
  }): void
}

/** Sees every message as it passes, for `siplab trace`; undefined costs nothing. */
export type TraceTap = (entry: { readonly direction: 'in' | 'out'; readonly flow: Flow; readonly text: string }) => void

/** A fault on a link, acted out where this node dials (`siplab break A->B delay`). */
export interface LinkFault {
  /** cut: this end gets an error at once; silent: nothing passes and no end gets one, as with a firewall that drops. */
  readonly kind: 'cut' | 'silent' | 'delay' | 'slow' | 'reset' | 'dialled-name'
  /** delay: added to each message; slow: bytes per second; reset: after so many bytes. */
  readonly amount: number
  /** dialled-name: the name or address that is wanted in the certificate. Absent: the right one, and no SNI is sent. */
  readonly name?: string
}

export interface TransportLayer {
  listen(settings: ListenerSettings): Promise<Listener>
  /** The open flow that may be reused for this hop: same address, transport, own certificate and verified peer name. */
  existing(hop: NextHop): Flow | undefined
  /**
   * That flow, else a new one. Rejects with DialError after reporting through `onRefused`. Concurrent calls for one hop
   * share one dial.
   */
  connect(hop: NextHop): Promise<Flow>
  flow(id: FlowId): Flow | undefined
  flows(): Iterable<Flow>
  /** What this node shows when it dials from that face, or under that identity. */
  setOutgoingTls(name: string, material: TlsMaterial | undefined): void
  /** `peer`: FQDN of the dialled node. `fault` undefined: ends the fault in force. */
  setLinkFault(peer: string, fault: LinkFault | undefined): void
  setTrace(tap: TraceTap | undefined): void
  /** Calls back once, when all that was read in this turn of the event loop is worked on and its answers are sent. */
  atEndOfTurn(callback: () => void): void
  /** Stops accepting, lets queued octets out, closes all flows; resolves when every socket is gone. */
  close(): Promise<void>
}
