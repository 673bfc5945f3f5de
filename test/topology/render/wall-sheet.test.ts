/** What a sheet on a wall needs beyond the plan: when, by which siplab, until when, and what to look for. */
import t from 'tap'
import { loadTopology } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'
import { withPublicAddresses } from '../../../src/topology/public-addresses.ts'
import { renderSvg } from '../../../src/topology/render/svg.ts'
import { renderHosts } from '../../../src/topology/render/hosts.ts'
import { renderZone } from '../../../src/topology/render/zone.ts'

const edge = planLab(loadTopology('edge'))
const at = Date.UTC(2026, 10, 29)

t.test('the sheet says its date, the version, and when a certificate of today would end', async (t) => {
  const svg = renderSvg(edge, { version: '1.2.3', at, endsAt: () => undefined })
  t.match(svg, /siplab 1\.2\.3, 2026-11-29/)
  t.match(svg, /2027-11-29 if issued now/)
})

t.test('a certificate that exists ends when it ends', async (t) => {
  const endsAt = (node: string, name: string) =>
    `${node} ${name}` === 'fe1 fe1-listener' ? at + 86_400_000 : undefined
  t.match(renderSvg(edge, { version: '1', at, endsAt }), />2026-11-30</)
})

t.test('each numbered link says which verdicts it shows when it breaks', async (t) => {
  t.match(renderSvg(edge), /WHEN IT BREAKS, LOOK FOR[^]*tls\.client-cert-missing/)
})

t.test('no floating-point noise in the size', async (t) => {
  for (const name of ['edge', 'edge-pool', 'federation', 'trunk', 'standard'])
    t.match(renderSvg(planLab(loadTopology(name))), /viewBox="0 0 \d+(?:\.\d)? \d+(?:\.\d)?"/)
})

t.test('port 443 stands where the plan says so', async (t) => {
  const svg = renderSvg(planLab(loadTopology('edge'), { ports: { edge: 443 } }))
  t.match(svg, />tcp 443</)
  t.notMatch(svg, /10443/)
})

t.test('a hosted zone takes real public addresses, in the outside view alone', async (t) => {
  const zone = renderZone(withPublicAddresses(edge, new Map([['sip.lab.test', '203.0.113.5']])))
  t.match(zone, /external view[^]*sip +IN A +203\.0\.113\.5/)
  t.equal(zone.match(/203\.0\.113\.5/g)?.length, 1)
})

t.test('hosts lines stand between two marks, each name once', async (t) => {
  const lines = renderHosts(edge).trimEnd().split('\n')
  t.strictSame([lines[0], lines.at(-1)], ['# siplab edge begin', '# siplab edge end'])
  const names = lines.slice(1, -1).map((line) => line.split(/\s+/)[1])
  t.strictSame(names, [...new Set(names)])
  t.ok(lines.some((line) => /^127\.0\.41\.32 +sip\.lab\.test/.test(line)))
})
