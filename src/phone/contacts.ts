/** SERVICE to the user's own home server ([MS-SIP] 3.1.5): the contact list that it keeps, and its directory. */
import { answered, readAnswer } from './answered.ts'
import { within } from './deadline.ts'
import type { PhoneAnswer } from './phone-error.ts'
import type { FoundUser } from './types.ts'
import type { WatchHome } from './watching.ts'

/** Rows of one answer at most; the server has a limit of its own. */
const mostFound = 100

/** `setContact(home, 'sip:bob@lab.test')`: in the first group of the list. @throws PhoneError */
export async function setContact(home: WatchHome, uri: string): Promise<PhoneAnswer> {
  const { answer } = await service(
    home,
    `<m:setContact><m:displayName/><m:groups>1</m:groups><m:subscribed>true</m:subscribed>` +
      `<m:URI>${escapeXml(uri)}</m:URI><m:externalURI/></m:setContact>`,
  )
  return answer
}

/** Users whose display name has `name` in it. @throws PhoneError */
export async function searchUsers(home: WatchHome, name: string): Promise<readonly FoundUser[]> {
  const { body } = await service(
    home,
    '<m:directorySearch><m:filter m:href="#searchArray"/>' +
      `<m:maxResults>${mostFound}</m:maxResults></m:directorySearch>` +
      `<m:Array m:id="searchArray"><m:row m:attrib="displayName" m:value="${escapeXml(name)}"/></m:Array>`,
  )
  return readRows(body)
}

async function service(
  { agent, line, clock, answerMs }: WatchHome,
  operation: string,
): Promise<{ readonly answer: PhoneAnswer; readonly body: string }> {
  const { uri } = agent.configuration
  const core = agent.userAgentCore
  const content =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    `xmlns:m="http://schemas.microsoft.com/winrtc/2002/11/sip"><s:Body>${operation}</s:Body></s:Envelope>`
  const body = { contentDisposition: 'render', contentType: 'application/SOAP+xml', content }
  const what = `SERVICE ${uri.toString()}`
  const { delegate, accepted } = answered(what, line)
  core.request(core.makeOutgoingRequestMessage('SERVICE', uri, uri, uri, {}, [], body), delegate)
  const response = await within(clock, answerMs, what, accepted)
  return { answer: readAnswer(response), body: response.message.body }
}

/** `<m:row m:uri="sip:carol@lab.test" m:displayName="Carol"/>`, with any prefix. */
export function readRows(body: string): readonly FoundUser[] {
  const rows = [...body.matchAll(/<(?:\w+:)?row\s([^<>]{0,4096})\/?>/g)].slice(0, mostFound)
  return rows.flatMap(([, attributes = '']) => {
    const uri = attributeOf(attributes, 'uri')
    return uri === undefined ? [] : [{ uri, name: attributeOf(attributes, 'displayName') ?? '' }]
  })
}

function attributeOf(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|[\\s:])${name}="([^"]*)"`).exec(attributes)?.[1]
  return value === undefined ? undefined : plainText(value)
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

/** The text of an attribute or an element, with the entities of XML and character references read. */
export function plainText(value: string): string {
  return value.replaceAll(/&(?:([a-z]+)|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (whole, name, decimal, hexadecimal) => {
    if (typeof name === 'string') return entities[name] ?? whole
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hexadecimal), 16)
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole
  })
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
