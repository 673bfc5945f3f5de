import t from 'tap'
t.test('node is 24 or later', async (t) => { t.ok(Number(process.versions.node.split('.')[0]) >= 24) })
