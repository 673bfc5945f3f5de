/** Events of LCS 2003 and 2005, OCS 2007, Lync and Skype for Business, and `ms-diagnostics` ([MS-OCER]). */
import { event, own, outside, refusedSomehow, refused, rank, closed } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

const startFailed = own(['file.missing', 'cert.expired', 'key.missing', 'file.unreadable'])

/** Other sources use these numbers too: 12290 and 12303 of VSS, 7024 of every service that ends. */
const otherService = /\bvss\b|volume shadow|spooler|sql server|windows update|\biis\b|print/

export const lync: StackGrammar = {
  name: 'LCS, OCS, Lync, Skype for Business',
  rules: [
    {
      when: event(
        [14517, 14497],
        /configuration validation mechanism detected|configuration errors were detected at startup/,
      ),
      says: { rank: rank.reason, causes: ['config.duplicate-partner', 'config.invalid'], who: 'us' },
    },
    { when: /not a configured server on this network interface/, says: refused('cert.name-not-allowed') },
    {
      when: /certificate error:? invalid client certificate|invalid client certificate/,
      says: {
        ...refused('chain.untrusted-root', 'chain.incomplete', 'cert.self-signed', 'chain.partial-anchor'),
        rank: rank.refusal,
      },
    },
    {
      when: event([14366], /multiple invalid incoming certificates|invalid incoming (?:https )?certificate/),
      says: refusedSomehow,
    },
    { when: /peer certificate does not contain a matching fqdn/, says: refused('cert.name-mismatch') },
    {
      when: event([12303, 14694, 14397], /certificate could not be loaded from store/),
      says: startFailed,
      unless: otherService,
    },
    { when: event([14347, 14336, 14352], /tls listener could not (?:be )?start/), says: startFailed },
    {
      when: event([12326, 12290], /unable to initialize the protocol stack|failed starting the protocol stack/),
      says: {
        ...startFailed,
        rank: rank.refusal,
        causes: ['cert.expired', 'file.missing', 'config.not-retrieved', 'config.invalid'],
      },
      unless: otherService,
    },
    {
      when: event([12299, 7024], /the service is shutting down due to an internal error/),
      says: {
        ...startFailed,
        rank: rank.closed,
        causes: ['cert.expired', 'config.not-retrieved', 'config.invalid', 'file.missing'],
      },
      unless: otherService,
    },
    {
      when: /msft ?siproutingsetting/,
      says: {
        rank: rank.closed,
        causes: ['config.not-retrieved', 'directory.unreachable', 'store.unreachable', 'cert.expired'],
      },
    },
    {
      when: event([14428], /tls outgoing connection failures/),
      says: {
        rank: rank.closed,
        causes: [
          'cert.name-mismatch',
          'chain.untrusted-root',
          'chain.incomplete',
          'cert.expired',
          'tls.peer-refused',
          'link.refused',
        ],
      },
    },
    { when: event([14559], /could not import the shared session key/), says: own(['key.mismatch', 'config.invalid']) },
    {
      when: event([14501], /significant number of invalid certificates have been provided/),
      says: refusedSomehow,
    },
    // SIPAdminLog of OCS, Lync and Skype for Business, as Snooper shows it.
    { when: /connection was closed before tls negotiation completed/, says: closed },
    {
      when: /ms-diagnostics(?:-public)?: ?1008\b|^1008;|unable to resolve dns srv/,
      says: outside('dns', 'dns.not-found'),
    },
    { when: /ms-diagnostics(?:-public)?: ?1009\b|^1009(?:;|$)/, says: outside('dns', 'dns.srv-outside-domain') },
    {
      when: /ms-diagnostics(?:-public)?: ?1010\b|^1010(?:;|$)|certificate trust with another server could not be established/,
      says: {
        rank: rank.refusal,
        causes: ['cert.name-mismatch', 'chain.untrusted-root', 'cert.expired', 'chain.incomplete', 'cert.eku-missing'],
      },
    },
    { when: /ms-diagnostics(?:-public)?: ?1047\b|^1047(?:;|$)/, says: closed },
    { when: /ms-diagnostics(?:-public)?: ?1(?:003|004|034|035)\b/, says: outside('sip', 'route.no-target') },
  ],
  samples: [
    {
      text: 'Event 14517: The server configuration validation mechanism detected some serious problems.',
      first: 'config.duplicate-partner',
      who: 'us',
    },
    {
      text: 'LS Protocol Stack 14428: 0x80090322(SEC_E_WRONG_PRINCIPAL)',
      first: 'cert.name-mismatch',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
