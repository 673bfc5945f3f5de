/** The SIP stack as a library of its own: messages, transports, transactions, the proxy core. */
export * from './clock.ts'
export * from './message/index.ts'
export * from './transport/index.ts'
export * from './transaction/index.ts'
export * from './routing/index.ts'
export * from './user-agent/index.ts'
