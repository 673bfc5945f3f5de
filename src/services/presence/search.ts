/** directorySearch ([MS-SIP] 2.2.3): users of the directory by parts of name and address. */
import type { Account, DirectoryFilter } from '../store/directory.ts'
import { attribute, child, type Element, escapeXml } from './xml.ts'

export type SearchDirectory = (filter: DirectoryFilter, limit: number) => Promise<readonly Account[]>

const rowsLimit = 100
const termsLimit = 8

/** Attributes of the query, and where the lab keeps what they stand for. */
const fields: Readonly<Record<string, keyof DirectoryFilter>> = {
  givenName: 'names',
  sn: 'names',
  displayName: 'names',
  mail: 'addresses',
  'msRTCSIP-PrimaryUserAddress': 'addresses',
}

/** Body of the answer. An attribute that the lab does not keep, `company` say, matches nothing. */
export async function searchDirectory(body: Element, search: SearchDirectory): Promise<string> {
  const operation = child(body, 'directorySearch')
  const wanted = operation === undefined ? undefined : child(operation, 'maxResults')?.text
  const limit = Math.min(Math.max(wholeNumber(wanted), 1), rowsLimit)
  const filter = readFilter(child(body, 'Array'))
  const found = filter === undefined ? [] : await search(filter, limit + 1)
  const rows = found
    .slice(0, limit)
    .map(
      ({ aor, displayName }) =>
        `<m:row m:uri="${escapeXml(aor)}" m:displayName="${escapeXml(displayName)}" m:company="" m:country="" ` +
        `m:email="${escapeXml(aor.slice('sip:'.length))}"/>`,
    )
  return (
    '<m:directorySearch><m:result m:href="#resultArray"/>' +
    `<m:moreAvailable>${found.length > limit}</m:moreAvailable></m:directorySearch>` +
    `<m:Array m:id="resultArray">${rows.join('')}</m:Array>`
  )
}

/** 0: there is none. */
function wholeNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}

/** undefined: nothing can match. */
function readFilter(rows: Element | undefined): DirectoryFilter | undefined {
  const filter = { names: [] as string[], addresses: [] as string[] }
  const terms = (rows?.children ?? []).filter(({ name }) => name === 'row').slice(0, termsLimit)
  for (const row of terms) {
    const value = (attribute(row, 'value') ?? '').trim().toLowerCase().slice(0, 100)
    const field = fields[attribute(row, 'attrib') ?? '']
    if (value === '') continue
    if (field === undefined) return undefined
    filter[field].push(value)
  }
  return filter.names.length + filter.addresses.length === 0 ? undefined : filter
}
