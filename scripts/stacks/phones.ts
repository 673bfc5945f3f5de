/** Clients that sign in: baresip, Linphone and the Communicator-compatible client. A REGISTER is the proof. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DnsServer, openDnsServer } from '../../src/lab/nodes/dns/server.ts'
import { baresipFiles, linphoneCommand, type PhoneAccount } from '../../test/support/debian-phones.ts'
import { freePort } from '../../test/support/free-port.ts'
import { run, start } from './program.ts'
import { dialledName, type EndFiles, type Program } from './stack.ts'

let dns: Promise<DnsServer> | undefined

/** The DNS that phones ask: it knows the name that is dialled. */
async function phoneDns(): Promise<string> {
  dns ??= openDnsServer([
    {
      name: 'internal',
      organisation: 'lab',
      address: '127.0.0.1',
      port: 0,
      zones: ['lab.test'],
      records: [{ kind: 'a', name: dialledName, address: '127.0.0.1' }],
    },
  ])
  const [view] = (await dns).views
  return `127.0.0.1:${view?.port ?? 0}`
}

/** Before the process can end. */
export async function closePhoneDns(): Promise<void> {
  await (await dns)?.close()
  dns = undefined
}

async function account(files: EndFiles, port: number): Promise<PhoneAccount> {
  return {
    login: 'foreign',
    password: 'unused',
    proxy: `${dialledName}:${port}`,
    root: files.trust,
    dns: await phoneDns(),
    folder: join(files.folder, 'phone'),
    peer: 'sip:unknown@lab.test',
  }
}

const baresip: Program = {
  name: 'baresip',
  needs: ['baresip'],
  set: { dial: 'sip_cafile FILE, outbound="sip:NAME:PORT;transport=tls"' },
  acceptsNot: 'as acceptor it asks for no certificate: baresip 1.0.0 has no setting for it',
  version: () => /baresip v[\d.]+/.exec(run('sh', '-c', 'baresip -h 2>&1 || true'))?.[0]?.replace('v', '') ?? '',
  dial: async (files, port) => {
    const phone = await account(files, port)
    baresipFiles(phone, await freePort())
    return start({ command: 'baresip', args: ['-f', phone.folder], clock: files.clock, folder: files.folder })
  },
}

const linphone: Program = {
  name: 'Linphone',
  needs: ['linphone-daemon', 'unshare'],
  set: { dial: 'root_ca=FILE, reg_proxy and reg_route=<sip:NAME:PORT;transport=tls>' },
  acceptsNot: 'it listens to no one over TLS (sip_tls_port is the port that it dials from)',
  version: () => `Linphone ${/version: ([\d.]+)/.exec(run('sh', '-c', 'linphonec --version 2>&1'))?.[1] ?? ''}`,
  dial: async (files, port) => {
    const phone = await account(files, port)
    const { command, args, env } = linphoneCommand(phone, `siplab-matrix-${process.pid}-${port}`, '/dev/stdout')
    return start({ command, args, env, clock: files.clock, folder: files.folder })
  },
}

const communicatorProgram = process.env['COMMUNICATOR'] ?? 'siplab-communicator'

const communicator: Program = {
  name: 'Communicator-compatible client',
  needs: [communicatorProgram],
  set: { dial: '--transport tls --server NAME:PORT --ca FILE, certificates that it asks about are refused' },
  acceptsNot: 'a client: it is dialled by no one over TLS',
  version: () => `SIPE ${communicatorVersion()}`,
  dial: async (files, port) =>
    start({
      command: communicatorProgram,
      args: [
        ...['--account', 'foreign@lab.test', '--password', 'unused', '--server', `${dialledName}:${port}`],
        ...['--transport', 'tls', '--ca', files.trust, '--resolve', `${dialledName}=127.0.0.1`, '--timeout', '20'],
      ],
      clock: files.clock,
      folder: files.folder,
    }),
}

/** Of the package of Debian. */
function communicatorVersion(): string {
  const status = '/var/lib/dpkg/status'
  return /\nPackage: pidgin-sipe\n(?:.+\n)*?Version: ([\d.]+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? ''
}

export const phones: readonly Program[] = [baresip, linphone, communicator]
