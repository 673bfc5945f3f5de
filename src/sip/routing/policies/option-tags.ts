/**
 * Refuses extensions that an element which answers itself does not know (RFC 3261 §8.2.2.3). The core sees to
 * Proxy-Require.
 */
import { unknownTags } from '../../message/option-tags.ts'
import { pass, type Policy, refuse } from '../decision.ts'

/**
 * @param options.known option tags, lower case, e.g. `['path', 'gruu', 'adhoclist']`
 * @param options.methods only requests of these methods are judged
 */
export function optionTags(options: {
  readonly known: readonly string[]
  readonly methods: readonly string[]
}): Policy {
  const known = new Set(options.known)
  const methods = new Set(options.methods)
  return {
    name: 'option-tags',
    decide({ request }) {
      if (!methods.has(request.method)) return pass
      const unknown = unknownTags(request, 'Require', known)
      return unknown.length === 0
        ? pass
        : refuse(420, 'request.extension-unknown', [['Unsupported', unknown.join(', ')]])
    },
  }
}
