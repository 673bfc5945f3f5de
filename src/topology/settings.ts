/**
 * The words settings are declared with. A setting is declared once: its TypeScript type, default, validation, JSON
 * Schema and row in docs/configuration.md all come from that line.
 */
import { z } from 'zod'

export interface About {
  /** One sentence for people, in the schema and in docs/configuration.md. */
  readonly doc: string
  /**
   * The WMI property of LCS 2005 / OCS 2007 that said the same, e.g.
   * `MSFT_SIPFederationInternalEdgeSetting.InternalNextHop`.
   */
  readonly mirrors?: string
}

/**
 * Gives a schema its sentence: `setting(port.default(5061), { doc: 'Port of the next hop', mirrors:
 * 'InternalNextHopPort' })`.
 */
export function setting<S extends z.ZodType>(schema: S, about: About): S {
  const mirrors = about.mirrors === undefined ? {} : { mirrors: about.mirrors }
  return schema.meta({ description: about.doc, ...mirrors })
}

/** A group of settings; a key it does not know is an error. */
export const group = z.strictObject

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'

/** Some text, not empty. */
export const text = z.string().min(1).max(1000)

/** The first label of a host's FQDN, e.g. `fe1`. */
export const hostLabel = z
  .string()
  .regex(new RegExp(`^${label}$`), { error: 'a host label in lower case, such as "fe1"' })

/** A full domain name in lower case, e.g. `fe1.lab.test`. */
export const domainName = z
  .string()
  .max(253)
  .regex(new RegExp(`^(${label}\\.)+${label}$`), {
    error: 'a domain name in lower case with at least two labels, such as "lab.test"',
  })

/** A host of this file by its label, or any host by its FQDN: `director`, `sip.partner.test`. */
export const hostReference = z
  .string()
  .max(253)
  .regex(new RegExp(`^${label}(\\.${label})*$`), {
    error: 'the label of a host in this file or a full domain name (never an IP address)',
  })
  .refine((name) => !/^[0-9.]+$/.test(name), { error: 'a host name, not an IP address' })

export const port = z.int().min(1).max(65535)

/** Last octet of an address in the lab's 127.0.N.0/24. */
export const addressOffset = z.int().min(2).max(254)
