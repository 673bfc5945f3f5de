/** The tools of TLS libraries: openssl, gnutls-serv and gnutls-cli, selfserv and tstclnt. Each is strict. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, accepting, dialling } from './program.ts'
import { dialledName, type EndFiles, type Identity, type Stack, type Stance, type TlsVersion } from './stack.ts'

function shown({ own }: EndFiles): Identity {
  if (own === undefined) throw new Error('an accepting end has a certificate')
  return own
}

/** -CRL reads the first CRL of a file only; -CAfile reads them all. */
function opensslTrust({ folder, trust, crl }: EndFiles): readonly string[] {
  if (crl === undefined) return ['-CAfile', trust]
  const both = join(folder, 'trust-and-crls.pem')
  writeFileSync(both, readFileSync(trust, 'utf8') + readFileSync(crl, 'utf8'))
  return ['-CAfile', both, '-crl_check_all']
}

/** What it wants of a certificate; a setting is left out where the stance says so. */
function opensslJudging(files: EndFiles, stance: Stance = 'strict'): readonly string[] {
  return [
    ...(stance === 'without chain' ? [] : ['-verify_return_error']),
    ...(stance === 'without strength' ? ['-cipher', 'DEFAULT@SECLEVEL=0'] : []),
    ...opensslTrust(stance === 'without revocation' ? { ...files, crl: undefined } : files),
  ]
}

export const openssl: Stack = {
  name: 'OpenSSL',
  needs: ['openssl'],
  set: {
    accept: 's_server -Verify 5 -verify_return_error -CAfile FILE; CRLs in the same file, -crl_check_all',
    dial: 's_client -verify_hostname NAME -verify_return_error -CAfile FILE; CRLs in the same file, -crl_check_all',
  },
  version: () => /OpenSSL [\d.a-z]+/.exec(run('openssl', 'version'))?.[0] ?? '',
  accept: (files, version, stance) =>
    accepting(files, 'openssl', (port) => [
      ...['s_server', '-accept', `127.0.0.1:${port}`, '-rev', `-tls${version.replace('.', '_')}`],
      ...['-cert', shown(files).chain, '-cert_chain', shown(files).chain, '-key', shown(files).key],
      ...[stance === 'without demand' ? '-verify' : '-Verify', '5', ...opensslJudging(files, stance)],
      ...(stance === 'without purpose' ? ['-purpose', 'any'] : []),
    ]),
  dial: (files, port, version, stance) =>
    dialling(files, 'openssl', [
      ...['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', '-no_ign_eof', `-tls${version.replace('.', '_')}`],
      ...(files.own === undefined
        ? []
        : ['-cert', files.own.chain, '-cert_chain', files.own.chain, '-key', files.own.key]),
      ...['-servername', dialledName, ...(stance === 'without server-name' ? [] : ['-verify_hostname', dialledName])],
      ...opensslJudging(files, stance),
    ]),
}

function gnutlsPriority(version: TlsVersion, stance: Stance = 'strict'): string {
  return `NORMAL:-VERS-ALL:+VERS-TLS${version}${stance === 'with strength' ? ':%PROFILE_MEDIUM' : ''}`
}

export const gnutls: Stack = {
  name: 'GnuTLS',
  needs: ['gnutls-serv', 'gnutls-cli'],
  set: {
    accept: 'gnutls-serv --require-client-cert --verify-client-cert --x509cafile=FILE --x509crlfile=FILE',
    dial: 'gnutls-cli --verify-hostname=NAME --x509cafile=FILE --x509crlfile=FILE',
  },
  // Its tools take no CRL whose issuer is not in the trust list.
  overlooks: ['revoked'],
  version: () => `GnuTLS ${/[\d.]+/.exec(run('gnutls-cli', '--version'))?.[0] ?? ''}`,
  accept: (files, version, stance) =>
    accepting(files, 'gnutls-serv', (port) => [
      ...['--echo', `--port=${port}`, `--priority=${gnutlsPriority(version, stance)}`],
      ...[`--x509certfile=${shown(files).chain}`, `--x509keyfile=${shown(files).key}`],
      ...[`--x509cafile=${files.trust}`, ...(stance === 'without demand' ? [] : ['--require-client-cert'])],
      ...(stance === 'without chain' ? [] : ['--verify-client-cert']),
      ...(files.crl === undefined || stance === 'without revocation' ? [] : [`--x509crlfile=${files.crl}`]),
    ]),
  dial: (files, port, version) =>
    dialling(files, 'gnutls-cli', [
      ...[`--port=${port}`, `--priority=${gnutlsPriority(version)}`, `--x509cafile=${files.trust}`],
      ...[`--sni-hostname=${dialledName}`, `--verify-hostname=${dialledName}`],
      ...(files.own === undefined ? [] : [`--x509certfile=${files.own.chain}`, `--x509keyfile=${files.own.key}`]),
      ...(files.crl === undefined ? [] : [`--x509crlfile=${files.crl}`]),
      '127.0.0.1',
    ]),
}

/** NSS reads a database, not files. */
function nssDatabase(files: EndFiles): string {
  const database = `sql:${files.folder}`
  run('certutil', '-N', '-d', database, '--empty-password')
  run('certutil', '-A', '-d', database, '-n', 'root', '-t', 'CT,CT,CT', '-i', files.trust)
  if (files.own === undefined) return database
  const bundle = pkcs12(files)
  run('pk12util', '-i', bundle, '-d', database, '-W', password, '-K', '')
  return database
}

const password = 'foreign'

/** Chain and key of an end in one file, for NSS and Java. */
export function pkcs12({ own, folder }: EndFiles): string {
  const bundle = join(folder, 'own.p12')
  if (own !== undefined)
    run(
      'openssl',
      ...['pkcs12', '-export', '-in', own.chain, '-inkey', own.key, '-name', 'own'],
      ...['-out', bundle, '-passout', `pass:${password}`],
    )
  return bundle
}

export const nss: Stack = {
  name: 'NSS',
  needs: ['selfserv', 'tstclnt', 'certutil', 'pk12util', 'openssl'],
  set: { accept: 'selfserv -r -r (a certificate is demanded); no CRL', dial: 'tstclnt -a NAME; no CRL' },
  // Its tools want CRLs in their database, which also holds the issuer that came with their own certificate.
  overlooks: ['revoked', 'incomplete-chain'],
  showsNoneFor: ['wrong-purpose'],
  version: nssVersion,
  accept: (files, version) => {
    const database = nssDatabase(files)
    return accepting(files, 'selfserv', (port) => [
      ...['-d', database, '-n', 'own', '-e', 'own', '-p', String(port), '-r', '-r', '-v'],
      ...['-V', `tls${version}:tls${version}`],
    ])
  },
  dial: (files, port, version) =>
    dialling(files, 'tstclnt', [
      ...['-d', nssDatabase(files), '-h', '127.0.0.1', '-a', dialledName, '-p', String(port), '-v'],
      ...['-V', `tls${version}:tls${version}`, ...(files.own === undefined ? [] : ['-n', 'own'])],
    ]),
}

/** Its tools name none; the package of Debian does. */
function nssVersion(): string {
  const known = run('sh', '-c', "dpkg-query -W -f '${Version}' libnss3-tools 2>/dev/null || true")
  return `NSS ${/\d+:([\d.]+)/.exec(known)?.[1] ?? '(selfserv, tstclnt)'}`
}
