/** The foreign stacks: how each is made to accept, and to dial, with given files. Each is strict about its peer. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { dialledName, type EndFiles } from './cases.ts'
import { haproxy, kamailio, nginx } from './proxies.ts'
import { optionsText, type Accepting, type Stack, type TlsVersion } from './stack.ts'
import { findProgram, run, start, untilItListens, type Running } from './program.ts'

async function accepting(
  files: EndFiles,
  command: string,
  argsFor: (port: number) => readonly string[],
): Promise<Accepting> {
  const port = await freePort()
  const program = start({ command, args: argsFor(port), clock: files.clock, folder: files.folder })
  await untilItListens(port, program).catch(async (error: unknown) => {
    await program.stop()
    throw error
  })
  return { port, program }
}

/** A dialler that is sent a request through its stdin. */
async function dialling(files: EndFiles, command: string, args: readonly string[]): Promise<Running> {
  const program = start({ command, args, clock: files.clock, folder: files.folder })
  program.write(optionsText)
  return program
}

function shown({ own }: EndFiles): { readonly chain: string; readonly key: string } {
  if (own === undefined) throw new Error('an accepting end has a certificate')
  return own
}

const openssl: Stack = {
  name: 'OpenSSL',
  needs: ['openssl'],
  version: () => run('openssl', 'version').trim(),
  accept: (files, version) =>
    accepting(files, 'openssl', (port) => [
      ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', `-tls${version.replace('.', '_')}`],
      ...['-cert', shown(files).chain, '-cert_chain', shown(files).chain, '-key', shown(files).key],
      ...['-CAfile', files.trust, '-Verify', '5', '-verify_return_error'],
      ...(files.crl === undefined ? [] : ['-CRL', files.crl, '-crl_check']),
    ]),
  dial: (files, port, version) =>
    dialling(files, 'openssl', [
      ...['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', '-no_ign_eof', `-tls${version.replace('.', '_')}`],
      ...(files.own === undefined
        ? []
        : ['-cert', files.own.chain, '-cert_chain', files.own.chain, '-key', files.own.key]),
      ...['-CAfile', files.trust, '-servername', dialledName, '-verify_hostname', dialledName, '-verify_return_error'],
      ...(files.crl === undefined ? [] : ['-CRL', files.crl, '-crl_check']),
    ]),
}

function gnutlsPriority(version: TlsVersion): string {
  return `NORMAL:-VERS-ALL:+VERS-TLS${version}`
}

const gnutls: Stack = {
  name: 'GnuTLS',
  needs: ['gnutls-serv', 'gnutls-cli'],
  // Its tools take no CRL whose issuer is not in the trust list.
  overlooks: ['revoked'],
  version: () => run('gnutls-cli', '--version').split('\n')[0]?.trim() ?? '',
  accept: (files, version) =>
    accepting(files, 'gnutls-serv', (port) => [
      ...['--echo', `--port=${port}`, `--priority=${gnutlsPriority(version)}`],
      ...[`--x509certfile=${shown(files).chain}`, `--x509keyfile=${shown(files).key}`],
      ...[`--x509cafile=${files.trust}`, '--require-client-cert', '--verify-client-cert'],
      ...(files.crl === undefined ? [] : [`--x509crlfile=${files.crl}`]),
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

function pkcs12({ own, folder }: EndFiles): string {
  const bundle = join(folder, 'own.p12')
  if (own !== undefined)
    run(
      'openssl',
      ...['pkcs12', '-export', '-in', own.chain, '-inkey', own.key, '-name', 'own'],
      ...['-out', bundle, '-passout', `pass:${password}`],
    )
  return bundle
}

const nss: Stack = {
  name: 'NSS',
  needs: ['selfserv', 'tstclnt', 'certutil', 'pk12util', 'openssl'],
  // Its tools want CRLs in their database, which also holds the issuer that came with their own certificate.
  overlooks: ['revoked', 'incomplete-chain'],
  showsNoneFor: ['wrong-purpose'],
  version: () => 'NSS (selfserv, tstclnt)',
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

/** What the peers of peers/ are told. */
function told(files: EndFiles, port: number, version: TlsVersion, role: 'accept' | 'dial'): readonly string[] {
  const { own, trust, crl } = files
  return [role, String(port), version, trust, own?.chain ?? '-', own?.key ?? '-', crl ?? '-', dialledName]
}

const peers = join(import.meta.dirname, 'peers')

function scripted(name: string, command: string, file: string): Stack {
  const script = join(peers, file)
  return {
    name,
    needs: [command],
    version: () =>
      `${name} ${run(command, '--version')
        .trim()
        .replace(/^Python /, '')}`,
    accept: (files, version) => accepting(files, command, (port) => [script, ...told(files, port, version, 'accept')]),
    dial: (files, port, version) => dialling(files, command, [script, ...told(files, port, version, 'dial')]),
  }
}

const java: Stack = {
  name: 'Java',
  needs: ['java', 'javac', 'openssl'],
  // None of whose issuers is among the CA names of the acceptor.
  showsNoneFor: ['unknown-root', 'incomplete-chain', 'self-signed'],
  version: () => `Java ${/"([^"]+)"/.exec(readFileSync(javaRelease(), 'utf8'))?.[1] ?? ''}`.trim(),
  accept: (files, version) =>
    accepting(files, 'java', (port) => [...javaArguments(files), ...told(withBundle(files), port, version, 'accept')]),
  dial: (files, port, version) =>
    dialling(files, 'java', [...javaArguments(files), ...told(withBundle(files), port, version, 'dial')]),
}

function javaRelease(): string {
  const home = /java\.home = (.*)/.exec(run('sh', '-c', 'java -XshowSettings:properties -version 2>&1'))?.[1] ?? ''
  return join(home.trim(), 'release')
}

function withBundle(files: EndFiles): EndFiles {
  return files.own === undefined ? files : { ...files, own: { chain: pkcs12(files), key: files.own.key } }
}

let classes: string | undefined

function javaArguments({ folder }: EndFiles): readonly string[] {
  if (classes === undefined) {
    classes = folder
    run('javac', '-d', folder, join(peers, 'Peer.java'))
  }
  return ['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp', classes, 'Peer']
}

const stacks: readonly Stack[] = [
  openssl,
  gnutls,
  nss,
  haproxy,
  nginx,
  kamailio,
  scripted('Node', 'node', 'peer.mjs'),
  scripted('Python', 'python3', 'peer.py'),
  java,
]

/** Those that are installed; the others with the reason. */
export function installedStacks(): {
  readonly there: readonly Stack[]
  readonly missing: readonly { readonly name: string; readonly why: string }[]
} {
  const lacking = (stack: Stack): string | undefined => stack.needs.find((name) => findProgram(name) === undefined)
  return {
    there: stacks.filter((stack) => lacking(stack) === undefined),
    missing: [
      ...stacks.flatMap((stack) => {
        const program = lacking(stack)
        return program === undefined ? [] : [{ name: stack.name, why: `${program} is not installed` }]
      }),
      { name: 'Go', why: 'this job has no peer in Go' },
    ],
  }
}
