/**
 * Messages as they arrive at a proxy in the middle of a lab: through two hops, with the header fields real clients
 * send.
 */

const sdp = [
  'v=0',
  'o=alice 2890844526 2890844526 IN IP4 192.0.2.10',
  's=call',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 49170 RTP/AVP 114 111 112 115 116 4 8 0 97 101',
  'a=rtcp:49171',
  'a=candidate:1 1 UDP 2130706431 192.0.2.10 49170 typ host',
  'a=candidate:1 2 UDP 2130705918 192.0.2.10 49171 typ host',
  'a=candidate:2 1 UDP 1694498815 203.0.113.7 51020 typ srflx raddr 192.0.2.10 rport 49170',
  'a=candidate:2 2 UDP 1694498814 203.0.113.7 51021 typ srflx raddr 192.0.2.10 rport 49171',
  'a=rtpmap:114 x-msrta/16000',
  'a=fmtp:114 bitrate=29000',
  'a=rtpmap:111 SIREN/16000',
  'a=fmtp:111 bitrate=16000',
  'a=rtpmap:112 G7221/16000',
  'a=fmtp:112 bitrate=24000',
  'a=rtpmap:115 x-msrta/8000',
  'a=fmtp:115 bitrate=11800',
  'a=rtpmap:116 AAL2-G726-32/8000',
  'a=rtpmap:4 G723/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:97 RED/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
  'a=encryption:optional',
  '',
].join('\r\n')

const vias = [
  'Via: SIP/2.0/TLS director.lab.test:5061;branch=z9hG4bK8f1c2a7be40d9917;rport',
  'Via: SIP/2.0/TLS edge.lab.test:5061;branch=z9hG4bK11aa2c7be40e0021;received=10.20.0.4;rport=51022',
  'Via: SIP/2.0/TLS 192.0.2.10:49222;branch=z9hG4bKnashds8a01;received=203.0.113.7;rport=49222',
]
/** As the edge sends it to the next hop, which has yet to add `received`. */
const edgeVias = ['Via: SIP/2.0/TLS edge.lab.test:5061;branch=z9hG4bK11aa2c7be40e0021;rport', ...vias.slice(2)]
const recordRoutes = [
  'Record-Route: <sip:director.lab.test:5061;transport=tls;lr>',
  'Record-Route: <sip:8f1c2a7b@edge.lab.test:5061;transport=tls;lr>',
]
const from = 'From: "Alice Adams" <sip:alice@lab.test>;tag=9fxced76sl;epid=0a1b2c3d4e5f'
const callId = 'Call-ID: 3848276298220188511ade7@192.0.2.10'
const contact =
  'Contact: <sip:alice@192.0.2.10:49222;transport=tls>;+sip.instance="<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'
const agent = 'User-Agent: UCCAPI/2.0.6362.0 (Phone Edition)'

function message(lines: readonly string[], body = ''): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1')
}

export interface Sample {
  readonly name: string
  readonly bytes: Buffer
}

/** INVITE, 200 OK, BYE, REGISTER and MESSAGE. */
export const samples: readonly Sample[] = [
  {
    name: 'INVITE',
    bytes: message(
      [
        'INVITE sip:bob@lab.test SIP/2.0',
        ...vias,
        'Max-Forwards: 68',
        ...recordRoutes,
        'Route: <sip:pool.lab.test:5061;transport=tls;lr>',
        from,
        'To: "Bob Brown" <sip:bob@lab.test>',
        callId,
        'CSeq: 314159 INVITE',
        contact,
        agent,
        'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, NOTIFY, REFER, UPDATE',
        'Supported: 100rel, timer, replaces, outbound, gruu',
        'P-Asserted-Identity: "Alice Adams" <sip:alice@lab.test>',
        'Session-Expires: 1800;refresher=uac',
        'Content-Type: application/sdp',
      ],
      sdp,
    ),
  },
  {
    name: '200 OK',
    bytes: message(
      [
        'SIP/2.0 200 OK',
        'Via: SIP/2.0/TLS pool.lab.test:5061;branch=z9hG4bK77b1c2a7be40d001',
        ...vias,
        'Record-Route: <sip:pool.lab.test:5061;transport=tls;lr>',
        ...recordRoutes,
        from,
        'To: "Bob Brown" <sip:bob@lab.test>;tag=314a15b9;epid=99aabbccdd01',
        callId,
        'CSeq: 314159 INVITE',
        'Contact: <sip:bob@192.0.2.77:50331;transport=tls>',
        agent,
        'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS',
        'Content-Type: application/sdp',
      ],
      sdp,
    ),
  },
  {
    name: 'BYE',
    bytes: message([
      'BYE sip:bob@192.0.2.77:50331;transport=tls SIP/2.0',
      ...vias,
      'Max-Forwards: 68',
      'Route: <sip:pool.lab.test:5061;transport=tls;lr>',
      from,
      'To: "Bob Brown" <sip:bob@lab.test>;tag=314a15b9;epid=99aabbccdd01',
      callId,
      'CSeq: 314160 BYE',
      agent,
    ]),
  },
  {
    name: 'REGISTER',
    bytes: message([
      'REGISTER sip:lab.test SIP/2.0',
      ...edgeVias,
      'Max-Forwards: 69',
      'Path: <sip:8f1c2a7b@edge.lab.test:5061;transport=tls;lr;ob>',
      'From: <sip:alice@lab.test>;tag=4a1b1c;epid=0a1b2c3d4e5f',
      'To: <sip:alice@lab.test>',
      'Call-ID: 1cf1e07a8b734f2f@192.0.2.10',
      'CSeq: 2 REGISTER',
      `${contact};reg-id=1;expires=3600`,
      agent,
      'Supported: gruu-10, adhoclist, path, outbound',
      'Event: registration',
      'Authorization: Digest username="alice", realm="lab.test", nonce="5f1c09ab77de21f00a", uri="sip:lab.test", ' +
        'response="6629fae49393a05397450978507c4ef1", algorithm=SHA-256, qop=auth, nc=00000002, cnonce="0a4f113b"',
    ]),
  },
  {
    name: 'MESSAGE',
    bytes: message(
      [
        'MESSAGE sip:bob@lab.test SIP/2.0',
        ...edgeVias,
        'Max-Forwards: 69',
        'Route: <sip:pool.lab.test:5061;transport=tls;lr>',
        from,
        'To: <sip:bob@lab.test>;tag=314a15b9;epid=99aabbccdd01',
        callId,
        'CSeq: 7 MESSAGE',
        agent,
        'Content-Type: text/plain; charset=UTF-8',
      ],
      'Shall we meet at noon? The usual place.',
    ),
  },
]
