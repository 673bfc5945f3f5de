/** Azure Communication Services: the hosts and rules of Teams Direct Routing. */
import { read } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'
import { teamsDirectRouting } from './teams-direct-routing.ts'

export const azureCommunicationServices: PeerPolicy = {
  ...teamsDirectRouting,
  name: 'azure-communication-services',
  title: 'Azure Communication Services direct routing',
  about: 'The hosts and rules of Teams Direct Routing; the FQDN of the SBC differs from the one used for Teams.',
  periods: teamsDirectRouting.periods.map((each) => ({
    ...each,
    refusedSuffixes: read(['onmicrosoft.com', 'azure.com'], 'T2', 'T11'),
  })),
}
