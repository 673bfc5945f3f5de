/**
 * Node's HTTP as a built-in module. `import 'node:http'` reads every export of it, and two of those (WebSocket and
 * CloseEvent) load a whole HTTP client of their own: 30 ms of every start.
 */
const http = process.getBuiltinModule('node:http')

export const { createServer, request } = http
