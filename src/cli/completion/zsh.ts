/** `siplab completion zsh`: as for bash, with a description behind each word. */
import type { Described, Place } from './tree.ts'

export function zshCompletion(places: readonly Place[]): string {
  return `${walk}_siplab_place() {
  case $1 in
${places.map(zshPlace).join('\n')}
  esac
}
_siplab_values() {
  shown_=()
  case $1 in
${places.flatMap(zshValues).join('\n')}
  esac
}
if [[ $funcstack[1] == _siplab ]]; then _siplab "$@"; else compdef _siplab siplab; fi
`
}

/** Goes through the words typed so far, then offers what fits at the cursor. */
const walk = `#compdef siplab
# Completion of siplab for zsh. Now: source <(siplab completion zsh)
# For every shell: siplab completion zsh > "\${fpath[1]}/_siplab"
_siplab() {
  local path_='' word at skip=0 count=0
  local -a commands_ options_ valued_ arguments_ shown_
  _siplab_place ''
  for ((at = 2; at < CURRENT; at++)); do
    word=\${words[at]}
    if ((skip)); then skip=0
    elif [[ $word == -* ]]; then ((\${valued_[(Ie)$word]})) && skip=1
    elif ((count == 0)) && [[ -n \${(M)commands_:#\${word}:*} ]]; then
      path_="$path_ $word"
      _siplab_place "$path_"
    else ((++count)); fi
  done
  if ((skip)); then
    _siplab_values "$path_ \${words[CURRENT-1]}"
    ((\${#shown_})) && compadd -a shown_ || _files
    return
  fi
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options_
    return
  fi
  ((count >= \${#arguments_} && count > 0)) && count=$((\${#arguments_} - 1))
  ((count == 0 && \${#commands_})) && _describe command commands_
  shown_=(\${=arguments_[count+1]-})
  ((\${#shown_})) && compadd -a shown_
  ((\${#commands_} + \${#shown_})) || _files
}
`

function zshPlace({ path, commands, options, values }: Place): string {
  return [
    `    ${quoted(key(path))})`,
    `      commands_=(${commands.map(described).join(' ')})`,
    `      options_=(${options.map(described).join(' ')})`,
    `      valued_=(${options
      .filter(({ takesValue }) => takesValue)
      .map(({ word }) => quoted(word))
      .join(' ')})`,
    `      arguments_=(${values.map((each) => quoted(each.join(' '))).join(' ')}) ;;`,
  ].join('\n')
}

function zshValues({ path, options }: Place): readonly string[] {
  return options
    .filter(({ values }) => values.length > 0)
    .map(({ word, values }) => `    ${quoted(`${key(path)} ${word}`)}) shown_=(${values.map(quoted).join(' ')}) ;;`)
}

/** `word:description`, a colon in either escaped. */
function described({ word, about }: Described): string {
  const plain = (text: string): string => text.replaceAll('\n', ' ').replaceAll(':', '\\:')
  return quoted(`${plain(word)}:${plain(about)}`)
}

function key(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join('')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
