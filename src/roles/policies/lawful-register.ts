/** The law is asked before bindings change: behind the registrar it would be too late. */
import { pass, type Policy } from '../../sip/routing/decision.ts'
import { type Facts, judge } from '../law/law.ts'

/** @param domains ours, lower case */
export function lawfulRegister(facts: Facts, domains: readonly string[]): Policy {
  const ours = new Set(domains)
  return {
    name: 'law',
    decide(arrival) {
      if (arrival.request.method !== 'REGISTER' || !ours.has(arrival.uri.host)) return pass
      return judge(arrival, facts, 'registrar') ?? pass
    },
  }
}
