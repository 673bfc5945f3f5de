/** A paste from a mail or a YAML file. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certIndented: Fault = {
  slug: 'cert-indented',
  family: 'files',
  sides: ['server'],
  story: 'The lines of the certificate file are indented',
  make: (pki) => withCertificate(pki, (pem) => pem.replaceAll(/^/gm, '  ')),
  expect: stopsStart('file.indented', 'ERR_OSSL_PEM_NO_START_LINE'),
}
