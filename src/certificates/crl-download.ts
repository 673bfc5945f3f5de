/** One revocation list by HTTP (RFC 5280 §4.2.1.13), bounded in time and size; redirects are not followed. */
const withinMs = 3000
const largestOctets = 4 * 1024 * 1024

/**
 * `downloadCrl(new URL('http://pki.lab.test/internal-issuing.crl'), '127.0.41.9')`
 *
 * @param address numeric: where the host of the URL is
 * @returns what came, unread
 * @throws Error that says what happened instead
 */
export function downloadCrl({ hostname, port, pathname, search }: URL, address: string): Promise<Buffer> {
  const { get } = process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const request = get(
      {
        host: address,
        port: port === '' ? 80 : Number(port),
        path: `${pathname}${search}`,
        headers: { host: hostname },
        agent: false,
        signal: AbortSignal.timeout(withinMs),
      },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume()
          return reject(new Error(`answered with status ${response.statusCode}`))
        }
        const chunks: Buffer[] = []
        let octets = 0
        response.on('data', (chunk: Buffer) => {
          octets += chunk.length
          if (octets > largestOctets) request.destroy(new Error(`more than ${largestOctets} octets`))
          chunks.push(chunk)
        })
        response.on('end', () => resolve(Buffer.concat(chunks)))
        response.on('error', reject)
      },
    )
    request.on('error', reject)
  })
}
