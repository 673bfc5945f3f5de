/** Every stack whose configuration is on file. */
import { go, erlang, gnutls, java, node, openssl, python, windows } from './platforms.ts'
import { haproxy, kamailio, nginx, opensips, stunnel } from './proxies.ts'
import type { Stack } from './stack.ts'
import { asterisk, baresip, freeswitch, linphone } from './telephony.ts'

export { parameterName, parameterSet, type Stack, type Topic } from './stack.ts'

/** What names itself first; of the words of a log the first that fit count, those that others print too last. */
export const stacks: readonly Stack[] = [
  kamailio,
  opensips,
  haproxy,
  nginx,
  asterisk,
  freeswitch,
  stunnel,
  windows,
  java,
  openssl,
  gnutls,
  go,
  node,
  python,
  erlang,
  linphone,
  baresip,
]
