/** Which command blocks `scripts/pages.ts` does not run, each with its reason, and what a page takes as given. */

export interface NotRun {
  readonly page: string
  /** How the block begins. */
  readonly first: string
  readonly why: string
}

const foreign = 'its hosts are examples: the command needs a server of the reader'
const docker = 'needs Docker; .ci/jobs/containers runs these commands'

export const notRun: readonly NotRun[] = [
  { page: 'README.md', first: 'npm ci', why: 'replaces node_modules under the running check; CI begins with npm ci' },
  { page: 'docs/tutorial.md', first: 'npm ci', why: 'as in README.md' },
  { page: 'docs/check.md', first: 'siplab check example.com', why: foreign },
  { page: 'docs/cluster.md', first: 'siplab up', why: docker },
  { page: 'docs/containers.md', first: 'docker compose up', why: docker },
  { page: 'docs/containers.md', first: 'siplab status --lab compose', why: docker },
  { page: 'docs/containers.md', first: 'docker compose exec', why: docker },
  { page: 'docs/containers.md', first: 'docker run', why: docker },
  { page: 'docs/endurance.md', first: 'npx node bench/soak.ts', why: 'an hour of load; .ci/jobs/soak runs less' },
  { page: 'docs/endurance.md', first: 'siplab scenario run chaos', why: 'minutes of load; .ci/jobs/chaos runs less' },
  { page: 'docs/endurance.md', first: 'npx node scripts/failover.ts', why: 'runs in .ci/jobs/failover' },
  { page: 'docs/endurance.md', first: 'npx node bench/front-ends.ts', why: 'minutes of load, on a machine of its own' },
  { page: 'docs/explain-captures.md', first: 'tcpdump', why: 'needs the right to capture packets' },
  { page: 'docs/explain.md', first: 'journalctl', why: foreign },
  {
    page: 'docs/performance.md',
    first: 'npm run bench ',
    why: 'minutes of load; .ci/jobs/bench and bench-proxy run it',
  },
  { page: 'docs/performance.md', first: 'npm run --silent', why: 'hours of load on a machine that does nothing else' },
  { page: 'docs/phone.md', first: 'siplab phone --uri', why: foreign },
  {
    page: 'docs/scenarios.md',
    first: 'siplab scenario run --all',
    why: 'all of them run in .ci/jobs/scenarios-1 to -3',
  },
  { page: 'docs/store.md', first: 'siplab up pool', why: 'a benchmark of minutes, with PostgreSQL' },
  { page: 'docs/survey.md', first: 'siplab survey dial', why: foreign },
  { page: 'docs/survey.md', first: 'siplab survey listen', why: foreign },
  { page: 'docs/trace.md', first: 'siplab trace --since 5m --call', why: 'ID is the Call-ID of a call of the reader' },
  { page: 'docs/trace.md', first: 'siplab up --key-log', why: 'needs tshark and the right to capture packets' },
]

/** A chain for sbc.example.com and its root, as an administrator has them. */
const chain = [
  'siplab certs init --topology edge',
  'siplab certs issue --name sbc.example.com sbc1.contoso.com --role server --authority internal',
  'mv sbc.example.com.pem chain.pem && cp certs/edge/pki/internal-root.pem root.pem',
]

/** A capture of a refused handshake, and a key log that opens nothing in it. */
const capture = ['base64 -d "$REPOSITORY/test/fixtures/fuzz/pcap/hello.b64" > outage.pcap', 'touch keys.txt keys.log']

/** Typed before the first block of a page, in its folder. `$REPOSITORY` is the folder of this repository. */
export const given: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['siplab up edge --detach'],
  'docs/check.md': ["echo 'check: ok' > expect.yaml"],
  'docs/dashboards.md': [
    'siplab up edge --detach',
    'cp .siplab/edge/pki/internal-root.pem root.pem',
    "siplab plan edge --json | node -p \"const { nodes } = JSON.parse(require('fs').readFileSync(0)); " +
      "const [{ address }] = nodes.find(({ name }) => name === 'fe1').faces; " +
      "'- target: pool.lab.test:5061\\n  ca: root.pem\\n  address: ' + address\" > targets.yaml",
  ],
  'docs/explain-captures.md': capture,
  'docs/explain.md': [...chain, ...capture],
  'docs/policies.md': chain,
  'docs/scenarios.md': ['sed "s/^name: .*/name: mine/" "$REPOSITORY/scenarios/link-cut.yaml" > mine.yaml'],
}
