/** Microsoft Operator Connect: the shown certificates are known, the demands are not. */
import { period } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'
import { teamsDirectRouting } from './teams-direct-routing.ts'

/** The specification for operators is under contract: what it demands of our certificate was not found. */
export const operatorConnect: PeerPolicy = {
  ...teamsDirectRouting,
  name: 'operator-connect',
  title: 'Microsoft Operator Connect',
  about: 'The rotation of Microsoft applies; the demands on the certificate of the operator are under contract.',
  periods: teamsDirectRouting.periods.map(({ id, since, until, shows, showsRoots }) =>
    period({
      id,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      shows,
      showsRoots,
    }),
  ),
}
