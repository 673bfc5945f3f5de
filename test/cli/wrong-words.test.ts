/** An unknown name, a wrong value or an unreadable file is refused alike by every command, with the way on. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { chooseSipServer } from '../../src/cli/lab-choice.ts'
import { unknownFault } from '../../src/faults/list.ts'
import { checkShift } from '../../src/lab/clock.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { runInProcess as run } from '../support/cli.ts'

type Case = readonly [words: readonly string[], err: RegExp]

async function refuses(t: Test, folder: string, cases: readonly Case[]): Promise<void> {
  for (const [words, err] of cases) {
    const text = await run(words, folder)
    t.match(text, { status: 2, out: '', err }, words.join(' '))
    const json = await run([...words, '--json'], folder)
    t.match(JSON.parse(json.out), { error: { code: String, message: err } }, `${words.join(' ')} --json`)
  }
}

t.test('an unknown name is followed by the nearest one and by all, or by the command that lists all', async (t) => {
  await refuses(t, '/', [
    [['plan', 'egde'], /found "egde"; did you mean edge\?; there are: edge, edge-pool/],
    [
      ['scenario', 'run', 'trial'],
      /found "trial"; did you mean trial-certificate-expiry.*; all \d+: siplab scenario list/,
    ],
    [['up', 'trunk', '--peer', 'zoomm'], /--peer: wanted a known name, found "zoomm".*all \d+: docs\/policies\.md/],
    [['plan', 'edge', '--format', 'svgg'], /--format: wanted one of text, .*, found "svgg"; did you mean svg\?/],
    [
      ['break', 'fe1', 'expired', '--as', 'servr'],
      /--as: wanted one of server, client, found "servr"; did you mean server/,
    ],
    [['check', 'fe1', '--tls-min', '1.4'], /--tls-min: wanted one of 1\.2, 1\.3, found "1\.4"/],
    [['events', '--level', 'wran'], /--level: wanted one of debug, .*did you mean warn\?/],
    [['faults', 'lst'], /siplab faults: wanted one of list, found "lst"; did you mean list\?/],
    [['certs', 'ramove'], /siplab certs: wanted one of init, issue/],
    [['help', 'zzz'], /siplab help: wanted a known name, found "zzz"; all \d+: siplab help --help/],
    [['certs', 'drill', 'leef'], /SUBJECT: wanted one of leaf, issuing, root, found "leef"; did you mean leaf\?/],
  ])
})

t.test('a long list of faults is not printed: the nearest few are, and the command that lists all', async (t) => {
  const { message } = unknownFault('node', 'exipred')
  t.match(message, /no fault "exipred" for a node; did you mean expired\?; all \d+: siplab faults list$/)
  t.ok(message.length < 200)
  t.match(unknownFault('link', 'cutt').message, /for a link such as director->fe1; did you mean cut\?; there are: /)
  t.match(unknownFault('dns', 'zzzz').message, /for the DNS; there are: wrong-target, /)
  t.match(unknownFault('node', 'cut').message, /cut is a fault of a link such as .*; all faults: siplab faults list$/)
})

t.test('a node that is not a SIP server is refused with its role, and the SIP servers are named', async (t) => {
  const plan = planLab(loadTopology('edge'))
  t.throws(() => chooseSipServer(plan, 'pki'), {
    message: 'pki (pki) is not a SIP server; the SIP servers are fe1, director, edge',
  })
  t.match(chooseSipServer(plan, 'fe1'), { name: 'fe1' })
})

t.test('a file that cannot be read is refused with its option, its path and the reason', async (t) => {
  const folder = t.testdir({ dir: {}, empty: '' })
  await refuses(t, folder, [
    [
      ['plan', join(folder, 'nosuch.yaml')],
      /wanted a lab file, found nothing at .*nosuch\.yaml \(ENOENT\); check the path/,
    ],
    [['plan', join(folder, 'dir')], /wanted a lab file, found a folder at .*dir \(EISDIR\); name a file in it/],
    [['scenario', 'run', join(folder, 'dir')], /wanted a scenario file, found a folder at .*dir/],
    [['certs', 'show', 'dir'], /wanted a certificate file, found a folder at .*dir/],
    [['check', 'sip.example.test', '--ca', 'dir'], /--ca: wanted a file, found a folder at .*dir/],
    [['check', 'sip.example.test', '--expect', 'none'], /--expect: wanted a file, found nothing at .*none/],
    [['check', '--targets', 'none'], /--targets: wanted a file, found nothing at .*none/],
    [['check', '--limbo', 'dir'], /--limbo: wanted a file, found a folder at .*dir/],
    [['survey', 'compare', 'none', 'none'], /wanted a file of siplab survey --report json, found nothing at .*none/],
    [['timeline', 'none.pem'], /wanted a file of certificates, found nothing at .*none\.pem/],
    [['phone', '--uri', 'sip:a@b.test', '--ca', 'none'], /--ca: wanted a file, found nothing at .*none/],
    [['explain', 'a line', '--ca', 'none'], /--ca: wanted a file, found nothing at .*none/],
    [['explain', './dir'], /wanted a file, found a folder at .*dir/],
  ])
})

t.test('a report that cannot be written is refused before the work for it', async (t) => {
  const folder = t.testdir({ dir: {} })
  const report = ['--report', 'html', '--output']
  await refuses(t, folder, [
    [['check', 'sip.example.test', ...report, 'none/x.html'], /--output: .*found no folder .*none; make the folder/],
    [['check', 'sip.example.test', ...report, 'dir'], /--output: .*found a folder at .*dir; name a file in it/],
    [['explain', 'text', ...report, 'none/x.html'], /--output: .*found no folder .*none/],
    [['scenario', 'run', 'ca-rotation', ...report, 'dir'], /--output: .*found a folder at .*dir/],
  ])
})

t.test('a number or an address out of range is refused as usage, never as a fault of siplab', async (t) => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'empty'), '')
  mkdirSync(join(folder, 'certs'))
  await refuses(t, folder, [
    [['certs', 'issue', '--name', 'x.test', '--valid', '999999y'], /--valid: wanted a span of 1000y at most/],
    [['scenario', 'run', 'ca-rotation', '--network', '999'], /--network: wanted a number from 1 to 254.*found "999"/],
    [['check', 'sip.example.test', '--address', 'foo'], /--address: wanted an IP address, found "foo"/],
    [['check', '--matrix', '--parallel', '0'], /--parallel: wanted a whole number above 0, found "0"/],
    [['check', 'fe1', '--matrix'], /--matrix and the target fe1 exclude each other/],
    [['check', '127.0.0.1:1', '--tls-min', '1.3', '--tls-max', '1.2'], /--tls-min: wanted at most 1\.2/],
    [['explain', 'a line', '--at', 'yesterday'], /--at: wanted a date such as 2026-12-01 .*found "yesterday"/],
    [['explain', 'a line', '--at', '2027-02-30'], /--at: wanted a date such as 2026-12-01 .*found "2027-02-30"/],
    [['explain', 'a line', '--at', '2027-08-20 01:00'], /--at: wanted a date .*found "2027-08-20 01:00"/],
    [['scenario', 'run', 'chaos', 'ca-rotation'], /chaos must be the only NAME, found 2 names/],
  ])
})

t.test('a clock is moved to days that a certificate can name', async (t) => {
  const now = Date.UTC(2026, 0)
  t.equal(checkShift('+31d', now), '+31d')
  t.equal(checkShift('-50y', now), '-50y')
  for (const text of ['+99999999d', '+8000y', '-60y', '-999999999w'])
    t.throws(() => checkShift(text, now), { code: 'clock.shift', message: /wanted a shift to a day from 1970 to 9999/ })
})

t.test('the help that an error of usage names is that of the command', async (t) => {
  t.match(await run(['mtls', 'fe1']), {
    status: 2,
    err: /^siplab: missing .*\n\(siplab mtls --help explains the command\)/,
  })
  t.match(await run(['certs', 'trial', 'fe1']), { err: /\(siplab certs trial --help explains the command\)/ })
  t.match(await run(['statuss']), { err: /Did you mean status\?\)\n\(siplab --help lists the commands\)/ })
})
