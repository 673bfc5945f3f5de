/** Every peer whose demands are on file, and how to find one. */
import { asteriskPjsip } from './servers/asterisk-pjsip.ts'
import { freeswitch } from './servers/freeswitch.ts'
import { kamailioDebian } from './servers/kamailio-debian.ts'
import { kamailioModule } from './servers/kamailio-module.ts'
import { livekitSip } from './servers/livekit-sip.ts'
import { opensips } from './servers/opensips.ts'
import { azureCommunicationServices } from './services/azure-communication-services.ts'
import { bandwidthSip } from './services/bandwidth-sip.ts'
import { chimeVoiceConnector } from './services/chime-voice-connector.ts'
import { ciscoCucm } from './services/cisco-cucm.ts'
import { ciscoExpressway } from './services/cisco-expressway.ts'
import { eightByEightSip } from './services/8x8-sip.ts'
import { five9Byoc } from './services/five9-byoc.ts'
import { genesysByocCloud } from './services/genesys-byoc-cloud.ts'
import { googleGtp } from './services/google-gtp.ts'
import { operatorConnect } from './services/operator-connect.ts'
import { plivoSip } from './services/plivo-sip.ts'
import { ringcentralByoc } from './services/ringcentral-byoc.ts'
import { sfbFederation } from './services/sfb-federation.ts'
import { teamsDirectRouting } from './services/teams-direct-routing.ts'
import { teamsGovernment } from './services/teams-government.ts'
import { telekomCompanyFlex } from './services/telekom-companyflex.ts'
import { telnyxSip } from './services/telnyx-sip.ts'
import { twilioElasticSip } from './services/twilio-elastic-sip.ts'
import { vonageSip } from './services/vonage-sip.ts'
import { webexCallingCertTrunk } from './services/webex-calling-cert-trunk.ts'
import { zoomByocP } from './services/zoom-byoc-p.ts'
import type { PeerPolicy } from './policy.ts'

export const peerPolicies: readonly PeerPolicy[] = [
  teamsDirectRouting,
  teamsGovernment,
  azureCommunicationServices,
  operatorConnect,
  sfbFederation,
  zoomByocP,
  googleGtp,
  webexCallingCertTrunk,
  ciscoExpressway,
  ciscoCucm,
  genesysByocCloud,
  twilioElasticSip,
  chimeVoiceConnector,
  five9Byoc,
  bandwidthSip,
  telnyxSip,
  telekomCompanyFlex,
  vonageSip,
  ringcentralByoc,
  plivoSip,
  eightByEightSip,
  kamailioModule,
  kamailioDebian,
  opensips,
  asteriskPjsip,
  freeswitch,
  livekitSip,
]

export const peerNames: readonly string[] = peerPolicies.map(({ name }) => name)

/** A peer by its name or the beginning of it, where only one begins so: `teams-direct-routing`, `zoom`. */
export function findPeers(name: string): readonly PeerPolicy[] {
  const wanted = name.toLowerCase()
  const exact = peerPolicies.filter((policy) => policy.name === wanted)
  return exact.length > 0 ? exact : peerPolicies.filter((policy) => policy.name.startsWith(wanted))
}
