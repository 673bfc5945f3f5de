/**
 * A strict TLS peer. Told: accept or dial, port, TLS version, roots, its chain (`-`: none), its key, CRLs (`-`: none),
 * the name to dial, and its stance: strict, or the setting that it leaves out or adds. Answers each request with 200;
 * sends what stdin says when it dials.
 */
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:tls'

const [role, port, version, trust, chain, key, crl, name, stance = 'strict'] = process.argv.slice(2)
const read = (file) => (file === '-' ? undefined : readFileSync(file))
const options = {
  ca: read(trust),
  cert: read(chain),
  key: read(key),
  minVersion: `TLSv${version}`,
  maxVersion: `TLSv${version}`,
  crl: crl === '-' || stance === 'without revocation' ? undefined : String(read(crl)).split(/(?=-----BEGIN)/),
  ciphers: `DEFAULT@SECLEVEL=${stance === 'without strength' ? 0 : 2}`,
  rejectUnauthorized: stance !== 'without chain' && stance !== 'without demand',
}
// Who may dial, where the names of clients are looked at.
const wanted = 'client.survey.invalid'
const say = (error) => console.log(error.message)
const ok = (request) =>
  `SIP/2.0 200 OK\r\n${String(request)
    .split('\r\n')
    .filter((line) => /^(?:via|from|to|call-id|cseq):/i.test(line))
    .join('\r\n')}\r\nServer: node\r\nContent-Length: 0\r\n\r\n`

if (role === 'accept') {
  const server = createServer({ ...options, requestCert: true }, (socket) => {
    const certificate = socket.getPeerX509Certificate()
    if (stance === 'with client-name' && certificate?.checkHost(wanted) === undefined) return socket.destroy()
    socket.on('error', say).on('data', (request) => socket.write(ok(request)))
  })
  server.on('tlsClientError', say).listen(Number(port), '127.0.0.1')
} else {
  const naming = stance === 'without server-name' ? { checkServerIdentity: () => undefined } : {}
  const socket = connect({ ...options, host: '127.0.0.1', port: Number(port), servername: name, ...naming })
  process.stdin.pipe(socket)
  socket
    .on('error', say)
    .on('close', () => process.exit())
    .resume()
}
