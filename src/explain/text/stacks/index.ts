/** Every stack whose texts are known. The order decides between statements that say equally much. */
import type { StackGrammar } from '../grammar.ts'
import { appliances } from './appliances.ts'
import { asterisk } from './asterisk.ts'
import { botan } from './botan.ts'
import { cloud } from './cloud.ts'
import { coturn } from './coturn.ts'
import { dotnet } from './dotnet.ts'
import { erlang } from './erlang.ts'
import { freeswitch } from './freeswitch.ts'
import { gnutls } from './gnutls.ts'
import { go } from './go.ts'
import { haproxy } from './haproxy.ts'
import { java } from './java.ts'
import { kamailio } from './kamailio.ts'
import { lync } from './lync.ts'
import { mbedtls } from './mbedtls.ts'
import { nginx } from './nginx.ts'
import { node } from './node.ts'
import { nss } from './nss.ts'
import { openssl } from './openssl.ts'
import { opensips } from './opensips.ts'
import { notTlsTrouble } from './outside.ts'
import { phones } from './phones.ts'
import { python } from './python.ts'
import { rustls } from './rustls.ts'
import { siplab } from './siplab.ts'
import { stunnel } from './stunnel.ts'
import { webClients } from './web-clients.ts'
import { windows } from './windows.ts'
import { wolfssl } from './wolfssl.ts'

export const stacks: readonly StackGrammar[] = [
  siplab,
  haproxy,
  nginx,
  kamailio,
  opensips,
  asterisk,
  freeswitch,
  coturn,
  stunnel,
  phones,
  node,
  python,
  go,
  java,
  erlang,
  gnutls,
  nss,
  rustls,
  dotnet,
  lync,
  windows,
  cloud,
  appliances,
  webClients,
  botan,
  wolfssl,
  mbedtls,
  openssl,
  notTlsTrouble,
]
