/** A small user agent client and server with dialogs. */
export { Call } from './call.ts'
export { type DialogState, dialogOfCallee, dialogOfCaller, wayInside } from './dialog.ts'
export { type Answer, IncomingRequest } from './incoming.ts'
export { type RequestOptions, UserAgentError, type UserAgentSettings } from './settings.ts'
export { createUserAgent, type UserAgent } from './user-agent.ts'
