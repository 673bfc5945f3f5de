/**
 * What came from outside, made harmless where people read it: on a terminal, through which every command prints, and in
 * reports.
 */

/**
 * Characters that have no shape of their own: those that change the direction of text (Unicode Standard Annex 9), the
 * invisible ones that make two names look the same, and the separators that some programs take for line ends. The two
 * joiners stay: Persian and Hindi are written with them.
 */
const misleading = '\\p{Cf}\\p{Zl}\\p{Zp}'
const joiners = '\\u200c\\u200d'
/** With the control characters of C0 and C1 but line ends and tabs. */
const harmful = new RegExp(`[[\\p{Cc}${misleading}]--[\\n\\t${joiners}]]`, 'gv')
const harmfulInMarkup = new RegExp(`[[${misleading}]--[${joiners}]]`, 'gv')
const lineEndOrTab = /[\r\n\t]/g
/** The colours of `paint` (ECMA-48 SGR), and nothing else that begins with ESC. */
const colour = /\u001b\[[0-9;]{0,20}m/g

/**
 * Each harmful character as `\u001b`: visible, and in JSON still the same text. A line end of two characters stays.
 *
 * @param keepsColours whether sequences that only set colours stay, where the command itself has painted
 */
export function harmless(text: string, keepsColours = false): string {
  harmful.lastIndex = 0
  if (!harmful.test(text)) return text
  if (!keepsColours) return escaped(text)
  let result = ''
  let end = 0
  for (const { 0: sequence, index } of text.matchAll(colour)) {
    result += escaped(text.slice(end, index)) + sequence
    end = index + sequence.length
  }
  return result + escaped(text.slice(end))
}

/** The same on one line: what a peer wrote begins none of its own. */
export function harmlessLine(text: string): string {
  return escaped(text.replace(lineEndOrTab, visible))
}

/** For HTML, SVG and XML, whose control characters markup.ts replaces. */
export function withoutMisleading(text: string): string {
  return text.replace(harmfulInMarkup, visible)
}

function escaped(text: string): string {
  return text.replace(harmful, (character, at: number) =>
    character === '\r' && text[at + 1] === '\n' ? character : visible(character),
  )
}

/** Two of them for a character beyond the first plane, as JSON has it. */
function visible(character: string): string {
  return character.split('').map(unitText).join('')
}

function unitText(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
