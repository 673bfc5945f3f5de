/** The command line of bench/proxy.ts: what is compared with what, and which rows that can be done for. */
import t from 'tap'
import { readOptions, usage } from '../../bench/proxy/options.ts'
import { thisCheckout } from '../../bench/proxy/subjects.ts'

const read = (line: string) => readOptions(line.split(' '))

t.test('ours is compared with the bare proxy in pairs, without a bar', async (t) => {
  t.match(read('--rows tls-20 --against bare --pairs 9'), {
    names: ['tls-20'],
    subject: 'siplab',
    against: 'bare',
    rounds: 9,
    bar: 'none',
  })
})

t.test('a bar for the bare proxy is taken where it is given', async (t) => {
  t.match(read('--rows tls-20 --against bare --bar 2.5'), { bar: 2.5 })
})

t.test('the bare proxy is compared with Kamailio in rounds, by the bars of the rows', async (t) => {
  t.match(read('--rows tls-20 --bare --rounds 3'), { subject: 'bare', against: undefined, rounds: 3, bar: 'rows' })
})

t.test('ours is compared with Kamailio in pairs, by the bars of the rows', async (t) => {
  t.match(read('--rows tls-20 --against kamailio'), { against: 'kamailio', rounds: 8, bar: 'rows' })
})

t.test('a folder is another checkout, with the bar of ours against ours', async (t) => {
  t.match(read(`--rows tls-20 --against ${thisCheckout}`), { against: { flags: [] }, bar: 1.03 })
})

t.test('other flags are for this checkout', async (t) => {
  t.match(read('--rows tls-20 --flags=--no-opt'), { against: { folder: thisCheckout, flags: ['--no-opt'] } })
})

t.test('without --rows the bare proxy does all its rows', async (t) => {
  const names = read('--bare')?.names ?? []
  t.ok(names.includes('udp-saturated') && names.includes('register') && !names.includes('overload'))
})

const refused: readonly (readonly [line: string, error: RegExp])[] = [
  ['--bare --rows tls-20,three-hops', /^--bare wants rows out of tls-saturated, .*, register; found three-hops$/],
  ['--against bare --rows handshake', /^--against bare wants rows out of .*; found handshake$/],
  ['--against kamailio --rows log-info', /^--against kamailio wants rows out of .*; found log-info$/],
  ['--rows tls-21', /^--rows wants rows out of .*; found tls-21$/],
  ['--bare --pairs 8', /^--bare wants none of --against, --flags and --pairs/],
  ['--against bare --flags=--no-opt', /^--flags wants siplab on the other side, found --against bare$/],
  ['--against /nowhere', /^--against wants bare, kamailio or the folder of a checkout of siplab, found \/nowhere$/],
  ['--pairs 8', /^--pairs wants --against or --flags, and at least 8, found 8$/],
  ['--bar 0.9', /^--bar wants a number such as 1.05, found 0.9$/],
]

for (const [line, message] of refused)
  t.test(`${line} is refused with what was wanted and what was found`, async (t) => {
    t.throws(() => read(line), { message })
  })

t.test('the help has an example of each other side', async (t) => {
  for (const option of ['--against DIR', '--against bare', '--against kamailio', ' --bare ', '--flags='])
    t.ok(usage.includes(option), option)
})
