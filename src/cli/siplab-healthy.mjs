#!/usr/bin/env node
// The healthcheck of a container: `siplab-healthy fe1 /data`. Exit status 0 when the node is ready and every link it
// watches is up; with --ready the links do not count (a swarm ends what is not healthy, which repairs no link). Plain
// JavaScript on its own, because it runs every few seconds: all of `siplab status` would cost seven times as much.
import { request } from 'node:http'
import { join } from 'node:path'

const [node = '', data = '/data', option] = process.argv.slice(2)
const linksCount = option !== '--ready'

function end(status, sentence) {
  process.stdout.write(`${sentence}\n`)
  process.exitCode = status
}

/**
 * `{"state":"ready","links":[{"peer":"pool.lab.test","state":"up"}]}`, as GET /status of the control socket tells it.
 */
function judge({ state, links, verdicts }) {
  const down = links.filter((link) => link.state !== 'up')
  const because = [...verdicts, ...down.flatMap(({ verdict }) => verdict ?? [])].map(({ code }) => code).join(', ')
  if (state !== 'ready') return end(1, `${node} is ${state} ${because}`)
  if (linksCount && down.length > 0) return end(1, `no link to ${down.map(({ peer }) => peer).join(', ')} ${because}`)
  end(0, `${node} is ready, ${links.length} links`)
}

const socketPath = join(data, 'nodes', node, 'control.sock')
const call = request({ socketPath, path: '/status', timeout: 3000 }, (response) => {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk) => (text += chunk))
  response.on('end', () => judge(JSON.parse(text)))
})
call.on('timeout', () => call.destroy(new Error('no answer in time')))
call.on('error', (error) => end(1, `${node} does not answer on ${socketPath}: ${error.message}`))
call.end()
