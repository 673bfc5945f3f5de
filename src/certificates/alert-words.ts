/** The words by which TLS stacks print an alert -> its number. */

/** Names that stacks print for an alert, without case, underscores read as spaces; the longer ones first. */
const names: readonly (readonly [pattern: RegExp, number: number])[] = [
  [/bad ?certificate ?status/, 113],
  [/certificate ?unobtainable|could not retrieve the specified certificate/, 111],
  [/bad ?certificate|certificate is bad|bad ?cert\b/, 42],
  [/unsupported ?cert(?:ificate)?\b|certificate is not supported/, 43],
  [/certificate ?revoked|revoked ?cert(?:ificate)?|certificate was revoked/, 44],
  [/certificate ?expired|expired ?cert(?:ificate)?|certificate is expired/, 45],
  [/unknown ?ca\b|unknown certificate authority|ca is unknown/, 48],
  [/certificate ?unknown|unknown ?cert(?:ificate)?\b/, 46],
  [/certificate ?required|certificate is required/, 116],
  [/no ?certificate\b/, 41],
  [/access ?denied|access was denied/, 49],
  [/handshake ?fail(?:ure|ed)/, 40],
  [/protocol ?version/, 70],
  [/insufficient ?security/, 71],
  [/unrecogni[sz]ed ?name|server name sent was not recognized/, 112],
  [/no ?application ?protocol|supported application protocol/, 120],
  [/decrypt(?:ion)? ?error|error decrypting message/, 51],
  [/decode ?error|error decoding message/, 50],
  [/illegal ?parameter/, 47],
  [/internal ?error/, 80],
  [/unexpected ?message/, 10],
  [/bad ?record ?mac/, 20],
  [/record ?overflow/, 22],
  [/inappropriate ?fallback/, 86],
  [/user ?cancell?ed/, 90],
  [/no ?renegotiation/, 100],
  [/missing ?extension/, 109],
  [/unsupported ?extension/, 110],
  [/unknown ?psk ?identity/, 115],
  [/close ?notify/, 0],
]

/** `alertByName('unknown ca')`, `alertByName('UnknownCA')` -> 48. */
export function alertByName(words: string): number | undefined {
  const plain = words.toLowerCase().replaceAll('_', ' ')
  return names.find(([pattern]) => pattern.test(plain))?.[1]
}
