/** Stacks that are libraries of a language: a small peer in each, below peers/. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, accepting, dialling } from './program.ts'
import { dialledName, type EndFiles, type Stack, type TlsVersion } from './stack.ts'
import { pkcs12 } from './tools.ts'

/** The arguments of the peers. */
function told(files: EndFiles, port: number, version: TlsVersion, role: 'accept' | 'dial'): readonly string[] {
  const { own, trust, crl } = files
  return [role, String(port), version, trust, own?.chain ?? '-', own?.key ?? '-', crl ?? '-', dialledName]
}

const peers = join(import.meta.dirname, 'peers')

function scripted(
  {
    name,
    command,
    file,
    version: versionOf,
  }: Readonly<Record<'name' | 'command' | 'file', string>> & Pick<Stack, 'version'>,
  set: Stack['set'],
): Stack {
  const script = join(peers, file)
  return {
    name,
    needs: [command],
    set,
    version: versionOf,
    accept: (files, version, stance = 'strict') =>
      accepting(files, command, (port) => [script, ...told(files, port, version, 'accept'), stance]),
    dial: (files, port, version, stance = 'strict') =>
      dialling(files, command, [script, ...told(files, port, version, 'dial'), stance]),
  }
}

export const node = scripted(
  { name: 'Node', command: 'node', file: 'peer.mjs', version: () => `Node.js ${process.version.slice(1)}` },
  {
    accept: 'tls.createServer: requestCert, rejectUnauthorized, ca, crl',
    dial: 'tls.connect: servername, ca, crl',
  },
)

export const python = scripted(
  {
    name: 'Python',
    command: 'python3',
    file: 'peer.py',
    version: () =>
      `${run('python3', '--version').trim()}, ${run('python3', '-c', 'import ssl; print(ssl.OPENSSL_VERSION)')
        .replace(/ \d+ \w+ \d{4}.*/s, '')
        .trim()}`,
  },
  {
    accept: 'ssl.SSLContext: CERT_REQUIRED, VERIFY_CRL_CHECK_CHAIN with CRLs',
    dial: 'ssl.SSLContext(PROTOCOL_TLS_CLIENT): check_hostname, VERIFY_CRL_CHECK_CHAIN with CRLs',
  },
)

export const erlang: Stack = {
  ...scripted(
    {
      name: 'Erlang',
      command: 'escript',
      file: 'peer.erl',
      version: () =>
        `Erlang/OTP ${run('erl', '-noshell', '-eval', 'io:put_chars(erlang:system_info(otp_release)),halt().')}`,
    },
    {
      accept: '{verify, verify_peer}, {fail_if_no_peer_cert, true}, {depth, 5}; with CRLs {crl_check, true}',
      dial: '{verify, verify_peer}, {server_name_indication, NAME}, {depth, 5}; with CRLs {crl_check, true}',
    },
  ),
  needs: ['escript', 'erl'],
}

let builds: string | undefined

/** What is compiled once for all runs of this process. */
function built(name: string, build: (folder: string) => void): string {
  if (builds === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'siplab-peers-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    builds = folder
  }
  const folder = builds
  if (!done.has(name)) build(folder)
  done.add(name)
  return folder
}

const done = new Set<string>()

function goPeer(): string {
  return join(
    built('go', (folder) => run('go', 'build', '-o', join(folder, 'go-peer'), join(peers, 'peer.go'))),
    'go-peer',
  )
}

export const go: Stack = {
  name: 'Go',
  needs: ['go'],
  // crypto/tls reads no CRL by itself.
  overlooks: ['revoked'],
  // None of whose issuers is among the CA names of the acceptor.
  showsNoneFor: ['unknown-root', 'self-signed'],
  set: {
    accept: 'tls.Config: ClientAuth RequireAndVerifyClientCert, ClientCAs; no CRL',
    dial: 'tls.Config: RootCAs, ServerName; no CRL',
  },
  version: () => `Go ${/go([\d.]+)/.exec(run('go', 'version'))?.[1] ?? ''}`,
  accept: (files, version, stance = 'strict') =>
    accepting(files, goPeer(), (port) => [...told(files, port, version, 'accept'), stance]),
  dial: (files, port, version, stance = 'strict') =>
    dialling(files, goPeer(), [...told(files, port, version, 'dial'), stance]),
}

export const java: Stack = {
  name: 'Java',
  needs: ['java', 'javac', 'openssl'],
  // None of whose issuers is among the CA names of the acceptor.
  showsNoneFor: ['unknown-root', 'incomplete-chain', 'self-signed'],
  set: {
    accept: 'SSLServerSocket.setNeedClientAuth(true), PKIX; setRevocationEnabled(true) with CRLs',
    dial: 'setEndpointIdentificationAlgorithm("HTTPS"), PKIX; setRevocationEnabled(true) with CRLs',
  },
  version: () => `OpenJDK ${/JAVA_VERSION="([^"]+)"/.exec(readFileSync(javaRelease(), 'utf8'))?.[1] ?? ''}`.trim(),
  accept: (files, version) =>
    accepting(files, 'java', (port) => [...javaArguments(), ...told(withBundle(files), port, version, 'accept')]),
  dial: (files, port, version) =>
    dialling(files, 'java', [...javaArguments(), ...told(withBundle(files), port, version, 'dial')]),
}

function javaRelease(): string {
  const home = /java\.home = (.*)/.exec(run('sh', '-c', 'java -XshowSettings:properties -version 2>&1'))?.[1] ?? ''
  return join(home.trim(), 'release')
}

function withBundle(files: EndFiles): EndFiles {
  return files.own === undefined ? files : { ...files, own: { chain: pkcs12(files), key: files.own.key } }
}

function javaArguments(): readonly string[] {
  const classes = built('java', (folder) => run('javac', '-d', folder, join(peers, 'Peer.java')))
  return ['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp', classes, 'Peer']
}
