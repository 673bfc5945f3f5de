/**
 * `siplab bench-proxy`: one front end in the foreground for benchmarks by others; its settings come from the
 * environment.
 */
import { isIP } from 'node:net'
import { startBenchProxy, type BenchProxySettings } from '../../node/bench-proxy.ts'
import type { RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { readKept } from '../wire-options.ts'
import type { Io } from '../io.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export const benchProxyCommand: RegisterCommand = (program, { io }) => {
  program
    .command('bench-proxy')
    .summary('run one front end for outside benchmarks')
    .description(
      'Runs one front end in the foreground: REGISTER for any user of the domain, calls to registered users. ' +
        'Settings come from the environment:\n' +
        'BENCH_TRANSPORT (udp, tcp, tls), BENCH_LISTEN (ip:port), BENCH_DOMAIN, BENCH_RUNDIR (an empty folder),\n' +
        'and for tls BENCH_CERT, BENCH_KEY, BENCH_CA (PEM files). BENCH_LOG: warn (default) or info.\n' +
        'BENCH_NEXT_HOP (ip:port): where requests for other domains go. SIGTERM ends it.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  BENCH_TRANSPORT=udp BENCH_LISTEN=127.0.0.1:5060 BENCH_DOMAIN=bench.test ' +
        'BENCH_RUNDIR=/tmp/run siplab bench-proxy',
    )
    .action(async () => {
      const settings = readSettings(io.environment)
      const proxy = await startBenchProxy(settings)
      io.err(
        `listening on ${settings.transport} ${endpointText(settings.address, proxy.port)} for ${settings.domain}\n`,
      )
      await interrupted(io)
      await proxy.close()
    })
}

function interrupted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    const stopListening = io.onInterrupt(() => {
      stopListening()
      resolve()
    })
  })
}

function readSettings(environment: Io['environment']): BenchProxySettings {
  const wanted = (name: string): string => {
    const value = environment[name]
    if (value === undefined || value === '') throw new UsageError(`${name} is not set; see siplab bench-proxy --help`)
    return value
  }
  const transport = wanted('BENCH_TRANSPORT')
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls')
    throw new UsageError(`BENCH_TRANSPORT: wanted udp, tcp or tls, found ${transport}`)
  const { address, port } = readListen('BENCH_LISTEN', wanted('BENCH_LISTEN'))
  const nextHop = environment['BENCH_NEXT_HOP']
  const log = environment['BENCH_LOG'] ?? 'warn'
  if (log !== 'warn' && log !== 'info') throw new UsageError(`BENCH_LOG: wanted warn or info, found ${log}`)
  const kept = readKept({ environment })
  const secure = transport === 'tls'
  return {
    transport,
    address,
    port,
    domain: wanted('BENCH_DOMAIN').toLowerCase(),
    certificateFile: secure ? wanted('BENCH_CERT') : undefined,
    keyFile: secure ? wanted('BENCH_KEY') : undefined,
    caFile: secure ? wanted('BENCH_CA') : undefined,
    folder: wanted('BENCH_RUNDIR'),
    logLevel: log,
    ...(kept === undefined ? {} : { keptMessages: kept }),
    nextHop: nextHop === undefined ? undefined : readListen('BENCH_NEXT_HOP', nextHop),
  }
}

/** `127.0.0.1:5061` or `[::1]:5061`. */
function readListen(name: string, text: string): { readonly address: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain ?? ''
  if (isIP(address) === 0 || Number(port) > 65_535)
    throw new UsageError(`${name}: wanted ip:port such as 127.0.0.1:5061, found ${text}`)
  return { address, port: Number(port) }
}
