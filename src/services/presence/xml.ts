/**
 * The XML of presence documents and of SERVICE requests: elements, attributes and text. No DTD, no entities but the
 * five of XML and character references, no processing instructions but the declaration; bounded in size, depth and
 * number.
 */

export interface Element {
  /** Without a prefix: `setContact`. */
  readonly name: string
  /** As written: `m:setContact`. */
  readonly qualified: string
  /** By name as written, in order; `xmlns` too. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** Text of this element alone, children left out. */
  readonly text: string
}

export class XmlError extends Error {
  readonly code = 'xml-syntax'
}

export interface XmlLimits {
  readonly characters: number
  readonly depth: number
  readonly elements: number
}

const defaultXmlLimits: XmlLimits = { characters: 128 * 1024, depth: 24, elements: 4000 }

const attributesLimit = 64

/** @param body latin1, as in the message; its octets are UTF-8. @throws XmlError */
export function parseXml(body: string, limits: XmlLimits = defaultXmlLimits): Element {
  if (body.length > limits.characters)
    throw new XmlError(`a document of ${body.length} octets; at most ${limits.characters} are read`)
  return new Reader(Buffer.from(body, 'latin1').toString('utf8'), limits).document()
}

interface Open {
  readonly qualified: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: Element[]
  text: string
}

const nameForm = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y
/** XML 1.0 §2.2: written to others as it came, it would make them refuse the document as a whole. */
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const space = /[ \t\r\n]*/y

class Reader {
  readonly #text: string
  readonly #limits: XmlLimits
  #at = 0
  #elements = 0

  constructor(text: string, limits: XmlLimits) {
    this.#text = text
    this.#limits = limits
  }

  document(): Element {
    if (forbidden.test(this.#text)) throw new XmlError('a character that XML does not allow')
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1
    this.#skipSpace()
    if (this.#text.startsWith('<?xml', this.#at)) this.#skipTo('?>')
    this.#skipMisc()
    const root = this.#tree()
    this.#skipMisc()
    if (this.#at < this.#text.length) this.#fail('the end of the document')
    return root
  }

  /** One element with everything in it; a stack of our own, so that depth is a number and no overflow. */
  #tree(): Element {
    const open: Open[] = []
    for (;;) {
      const done = this.#next(open)
      if (done === undefined) continue
      const parent = open.at(-1)
      if (parent === undefined) return done
      parent.children.push(done)
    }
  }

  /** Reads one tag, comment or piece of text; gives the element that it ended. */
  #next(open: Open[]): Element | undefined {
    const inner = open.at(-1)
    if (inner !== undefined && this.#text[this.#at] !== '<') {
      inner.text += this.#characters()
      return undefined
    }
    if (this.#text.startsWith('<!--', this.#at)) return this.#skipTo('-->')
    if (inner !== undefined && this.#text.startsWith('<![CDATA[', this.#at)) {
      const start = this.#at + '<![CDATA['.length
      this.#skipTo(']]>')
      inner.text += this.#text.slice(start, this.#at - ']]>'.length)
      return undefined
    }
    if (this.#text.startsWith('</', this.#at)) {
      if (inner === undefined) return this.#fail('an element')
      this.#at += 2
      if (this.#name() !== inner.qualified) this.#fail(`</${inner.qualified}>`)
      this.#skipSpace()
      this.#expect('>')
      open.pop()
      return closed(inner)
    }
    return this.#startTag(open)
  }

  #startTag(open: Open[]): Element | undefined {
    this.#expect('<')
    if (++this.#elements > this.#limits.elements) throw new XmlError(`more than ${this.#limits.elements} elements`)
    if (open.length >= this.#limits.depth) throw new XmlError(`elements deeper than ${this.#limits.depth}`)
    const element: Open = { qualified: this.#name(), attributes: this.#attributes(), children: [], text: '' }
    if (this.#text.startsWith('/>', this.#at)) {
      this.#at += 2
      return closed(element)
    }
    this.#expect('>')
    open.push(element)
    return undefined
  }

  #attributes(): ReadonlyMap<string, string> {
    const attributes = new Map<string, string>()
    for (;;) {
      const before = this.#at
      this.#skipSpace()
      const next = this.#text[this.#at]
      if (next === '>' || next === '/') return attributes
      if (before === this.#at) this.#fail('a blank before an attribute')
      const name = this.#name()
      this.#skipSpace()
      this.#expect('=')
      this.#skipSpace()
      if (attributes.has(name) || attributes.size === attributesLimit) this.#fail('another attribute')
      attributes.set(name, this.#quoted())
    }
  }

  #quoted(): string {
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") return this.#fail('a quoted value')
    const end = this.#text.indexOf(quote, this.#at + 1)
    const value = end === -1 ? this.#fail('the end of a quoted value') : this.#text.slice(this.#at + 1, end)
    if (value.includes('<')) this.#fail('a value without "<"')
    this.#at = end + 1
    return unescaped(value)
  }

  #characters(): string {
    const end = this.#text.indexOf('<', this.#at)
    if (end === -1) return this.#fail('the end of an element')
    const text = this.#text.slice(this.#at, end)
    this.#at = end
    return unescaped(text)
  }

  #name(): string {
    nameForm.lastIndex = this.#at
    const [name] = nameForm.exec(this.#text) ?? []
    if (name === undefined) return this.#fail('a name')
    this.#at += name.length
    return name
  }

  #skipMisc(): void {
    this.#skipSpace()
    while (this.#text.startsWith('<!--', this.#at)) {
      this.#skipTo('-->')
      this.#skipSpace()
    }
  }

  #skipSpace(): void {
    space.lastIndex = this.#at
    space.exec(this.#text)
    this.#at = space.lastIndex
  }

  #skipTo(end: string): undefined {
    const at = this.#text.indexOf(end, this.#at)
    if (at === -1) this.#fail(end)
    this.#at = at + end.length
    return undefined
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) this.#fail(text)
    this.#at += text.length
  }

  #fail(wanted: string): never {
    throw new XmlError(`wanted ${wanted} at character ${this.#at}`)
  }
}

function closed({ qualified, attributes, children, text }: Open): Element {
  return { name: localName(qualified), qualified, attributes, children, text: text.trim() }
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&([^;&]*);?/g, (all, name: string) => {
    const known = all.endsWith(';') ? (entities[name] ?? characterOf(name)) : undefined
    if (known === undefined) throw new XmlError(`an entity that XML does not define: ${all.slice(0, 20)}`)
    return known
  })
}

function characterOf(name: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name)
  if (match === null) return undefined
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16)
  if (code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  const character = String.fromCodePoint(code)
  return forbidden.test(character) ? undefined : character
}

/** Text escaped for an element or a quoted attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** The element as text again. */
export function writeXml({ qualified, attributes, children, text }: Element): string {
  const head = qualified + [...attributes].map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('')
  const body = escapeXml(text) + children.map(writeXml).join('')
  return body === '' ? `<${head}/>` : `<${head}>${body}</${qualified}>`
}

/** An attribute, whatever its prefix. */
export function attribute({ attributes }: Element, name: string): string | undefined {
  const plain = attributes.get(name)
  if (plain !== undefined) return plain
  for (const [qualified, value] of attributes)
    if (localName(qualified) === name && !qualified.startsWith('xmlns')) return value
  return undefined
}

export function child({ children }: Element, name: string): Element | undefined {
  return children.find((one) => one.name === name)
}

/** The first element of that name at any depth, this one included. */
export function descendant(element: Element, name: string): Element | undefined {
  if (element.name === name) return element
  for (const one of element.children) {
    const found = descendant(one, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** As the body of a message: latin1, one character an octet. */
export function bodyOf(xml: string): string {
  return Buffer.from(xml, 'utf8').toString('latin1')
}
