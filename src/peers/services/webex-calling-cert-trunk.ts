/** Cisco Webex Calling, certificate-based trunk. */
import { period, read, reported, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const webexCallingCertTrunk: PeerPolicy = {
  name: 'webex-calling-cert-trunk',
  title: 'Cisco Webex Calling, certificate-based trunk',
  kind: 'service',
  about: 'Both ends dial over mutual TLS; the FQDN of the gateway is verified and its domain is claimed.',
  checked: '2026-11-28',
  dials: reported(['peer', 'us'], 'W1'),
  endpoints: [],
  revocation: unknown(),
  duties: ['The domain is claimed in Control Hub.'],
  periods: [
    period({
      id: 'current',
      verifiesServer: reported('yes', 'W1'),
      serverAuth: reported('required', 'W1'),
      clientCertificate: reported('required', 'W1'),
      issuers: read({ kind: 'published', list: 'help.webex.com WBX9000008850' }, 'W2'),
      checksName: reported('yes', 'W1'),
      wildcard: reported('refused', 'W1'),
      registeredDomain: reported('required', 'W1'),
      showsClientCertificate: reported('yes', 'W1'),
      shows: reported(['serverAuth'], 'W1'),
      showsRoots: read(['identrust-commercial-root-ca-1'], 'W3'),
    }),
  ],
  sources: {
    W1: 'kaseykubiak.com, Webex Calling Local Gateway study cards',
    W2: 'help.webex.com WBX9000008850 (title)',
    W3: 'cisco.com, BYoPSTN solution guide for Webex for BroadWorks (2021)',
  },
}
