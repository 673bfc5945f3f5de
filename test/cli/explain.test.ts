import { gzipSync } from 'node:zlib'
import t from 'tap'
import { runInProcess } from '../support/cli.ts'

t.test('words of the command line are explained, with the end that acts and the commands of a lab', async (t) => {
  const { status, out } = await runInProcess(['explain', 'verify error:num=62:hostname mismatch'])
  t.equal(status, 0)
  t.match(out, /This end refused the certificate of the other end/)
  t.match(out, /cert\.name-mismatch \(the other end acts\)/)
  t.match(out, /siplab break director wrong-host --as server/)
})

t.test('standard input is read where nothing or - is given', async (t) => {
  for (const args of [['explain'], ['explain', '-'], ['decode', '-']])
    t.match(await runInProcess(args, '/', {}, 'tlsv1 alert unknown ca\n'), {
      status: 0,
      out: /The other end refused our certificate/,
    })
})

t.test('a packed log is unpacked, and a damaged one is a mistake of the user', async (t) => {
  const packed = gzipSync('tlsv1 alert unknown ca\n')
  const path = t.testdir({
    'log.1.gz': packed,
    'cut.gz': packed.subarray(0, 20),
    'bad.gz': Buffer.from('1f8b0800ff', 'hex'),
  })
  t.match(await runInProcess(['explain', 'log.1.gz'], path), {
    status: 0,
    out: /The other end refused our certificate/,
  })
  for (const name of ['cut.gz', 'bad.gz'])
    t.match(await runInProcess(['explain', name], path), { status: 2, err: /wanted a whole gzip file/ })
})

t.test('--json has the shape of the contract, with null for what is not known', async (t) => {
  const { out } = await runInProcess(['explain', '--json', '0x80090325'])
  t.match(JSON.parse(out), {
    cause: null,
    candidates: [{ code: 'chain.untrusted-root', why: String }],
    whoseCertificate: null,
    whoRefused: null,
    needsKeylog: false,
    evidence: [{ where: 'line 1', found: '0x80090325' }],
    advice: [
      { code: 'chain.untrusted-root', acts: 'either', rule: String, remedy: String, reproduce: [String, String] },
    ],
  })
})

t.test('an unknown text ends with 1 and says so', async (t) => {
  t.match(await runInProcess(['explain', 'all quiet on the western front']), {
    status: 1,
    out: /recognises no failure/,
  })
  t.match(await runInProcess(['explain', '-'], '/', {}, ''), { status: 1 })
})

t.test('a file that is not there is a mistake of the user', async (t) => {
  t.match(await runInProcess(['explain', 'not-here.pcap'], t.testdir({})), {
    status: 2,
    err: /wanted a file, found nothing at .*not-here\.pcap/,
  })
})

t.test('a log file is recognised by its content, and several pieces give one answer', async (t) => {
  const folder = t.testdir({
    a: 'error:0A000418:SSL routines::tlsv1 alert unknown ca\n',
    b: 'x509: certificate signed by unknown authority\n',
  })
  const { out } = await runInProcess(['explain', '--json', 'a', 'b'], folder)
  t.match(JSON.parse(out), { pieces: [{ name: 'a' }, { name: 'b' }], candidates: [{ code: 'chain.untrusted-root' }] })
})

t.test('a report for CI is written to a file', async (t) => {
  const folder = t.testdir({})
  t.match(await runInProcess(['explain', '--report', 'junit', 'SEC_E_WRONG_PRINCIPAL']), {
    status: 0,
    out: /cert.name-mismatch/,
  })
  t.match(await runInProcess(['explain', '--report', 'html', '--output', 'r.html', '48 alert unknown ca'], folder), {
    out: '',
  })
  t.match(await runInProcess(['explain', '--output', 'r.html', 'x']), {
    status: 2,
    err: /--output FILE needs --report/,
  })
})

t.test('--help has examples', async (t) => {
  t.match(await runInProcess(['explain', '--help']), { status: 0, out: /siplab explain outage\.pcap --keylog/ })
})
