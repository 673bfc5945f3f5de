/**
 * The layers of docs/house-style.md, as rules for dependency-cruiser; `npm run lint` and
 * test/repository/layers.test.ts run them through scripts/layers.ts, which hands over JavaScript: no version of the
 * tool reads TypeScript 7 yet. `message <- transport <- transaction <- routing` in the stack; above it
 * `sip <- services <- roles <- node <- lab <- faults <- console, cli`; `certificates` and `topology` are ground that
 * roles, lab, check and cli stand on.
 */

/** A folder of src may import from these folders and itself, and from npm and Node. */
const mayImport = {
  'sip/message': [],
  'sip/transport': ['sip/message', 'sip/clock', 'sip/http'],
  'sip/transaction': ['sip/message', 'sip/transport', 'sip/clock'],
  'sip/routing': ['sip/message', 'sip/transport', 'sip/transaction', 'sip/clock'],
  sip: [],
  verdicts: [],
  reports: [],
  certificates: ['verdicts'],
  'faults/catalogue': ['certificates', 'verdicts'],
  peers: ['certificates', 'verdicts'],
  topology: ['certificates', 'verdicts', 'reports', 'peers', 'sip/message'],
  services: ['sip'],
  roles: ['sip', 'services', 'certificates', 'topology', 'verdicts'],
  node: ['roles', 'sip', 'services', 'certificates', 'topology', 'verdicts', 'peers', 'reports'],
  lab: ['node', 'roles', 'sip', 'services', 'certificates', 'topology', 'verdicts', 'reports', 'phone', 'check'],
  faults: ['verdicts', 'certificates', 'topology', 'node', 'lab', 'sip/message'],
  endurance: ['lab', 'faults', 'node', 'services', 'topology', 'phone', 'sip', 'certificates', 'verdicts'],
  phone: ['sip', 'certificates', 'verdicts'],
  check: ['sip', 'certificates', 'verdicts', 'reports', 'faults/catalogue', 'topology', 'phone'],
  survey: ['verdicts', 'certificates', 'reports', 'faults/catalogue', 'check', 'sip', 'peers'],
  explain: ['verdicts', 'certificates', 'reports', 'faults/catalogue', 'check', 'sip', 'peers'],
  metrics: ['check', 'faults', 'lab', 'node', 'sip', 'verdicts'],
  console: [
    'sip',
    'services',
    'certificates',
    'verdicts',
    'topology',
    'roles',
    'node',
    'lab',
    'faults',
    'phone',
    'check',
    'explain',
    'survey',
    'peers',
  ],
  // Of what it may import besides the messages of SIP it takes types alone: the rest would not run in a browser.
  'console/page': [
    'sip/message',
    'phone/challenges',
    'phone/line-transport',
    'phone/session-description',
    'verdicts',
    'topology',
    'node',
    'lab',
    'faults',
    'check',
    'explain',
    'peers',
  ],
}

const layers = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `layer-${folder.replace('/', '-')}`,
  comment: `src/${folder} imports only from ${[folder, ...allowed].map((name) => `src/${name}`).join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...allowed.map((name) => `^src/${name}[/.]`)] },
}))

/** npm packages that stay in one place. */
const confined = [
  ['node-forge', ['^src/certificates/']],
  ['ws', ['^src/sip/transport/', '^src/console/']],
  ['sip[.]js', ['^src/phone/', '^src/console/page/']],
  ['kysely', ['^src/services/store/']],
  ['pg', ['^src/services/store/']],
  ['dns-packet', ['^src/lab/nodes/dns/', '^src/check/']],
  ['commander', ['^src/cli/']],
  ['fastify', ['^src/console/']],
  ['preact', ['^src/console/page/']],
  ['prom-client', ['^src/metrics/']],
  ['@modelcontextprotocol/sdk', ['^src/cli/']],
].map(([name, places]) => ({
  name: `only-in-place-${name.replace('[.]', '')}`,
  comment: `${name.replace('[.]', '.')} is imported only in ${places.join(', ')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: places },
  to: { path: `node_modules/${name}/` },
}))

module.exports = {
  forbidden: [
    ...layers,
    ...confined,
    {
      name: 'sql-in-the-store',
      comment: 'SQL is written only in src/services/store',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/services/store/' },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'page-in-a-browser',
      comment: 'src/console/page runs in a browser: it has no module of Node',
      severity: 'error',
      from: { path: '^src/console/page/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'sip-stands-alone',
      comment: 'the stack needs Node and ws, nothing else of npm',
      severity: 'error',
      from: { path: '^src/sip/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/ws/' },
    },
    {
      name: 'no-circles',
      comment: 'imports go one way, those of types too',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-tests-in-sources',
      comment: 'what runs never imports what tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'everything-found',
      comment: 'every import leads somewhere',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.mjs', '.js', '.json'],
    },
  },
}
