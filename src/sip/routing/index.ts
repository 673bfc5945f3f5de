/** The proxy core (RFC 3261 §16), its decisions and the policies that belong to no role. */
export * from './decision.ts'
export { FlowTokens, type FlowTokenSettings, type TokenReading } from './flow-token.ts'
export { flowToken } from './policies/flow-token.ts'
export { followRoute } from './policies/follow-route.ts'
export { foreignDomain } from './policies/foreign-domain.ts'
export { optionTags } from './policies/option-tags.ts'
export { ownDomain } from './policies/own-domain.ts'
export { type StaticRoute, staticRoutes } from './policies/static-routes.ts'
export { createProxy, type Proxy } from './proxy.ts'
export {
  defaultForward,
  type FaceSettings,
  type ForwardSettings,
  type Health,
  type Locate,
  type ProxyEvents,
  type ProxySettings,
  type ResponseChange,
} from './settings.ts'
