/** The SIP stack as a library of its own: messages, transports, transactions, the proxy core. */
export * from './clock.ts'
export * from './message/index.ts'
export * from './transport/index.ts'
