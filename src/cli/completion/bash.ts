/** `siplab completion bash`: one function that walks the words typed so far and knows what may come next. */
import type { Place } from './tree.ts'

export function bashCompletion(places: readonly Place[]): string {
  return `# Completion of siplab for bash. Now: source <(siplab completion bash)
# For every shell: siplab completion bash > ~/.local/share/bash-completion/completions/siplab
_siplab() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' word at skip=0 count=0 commands='' options='' valued=''
  local -a arguments=()
  _siplab_place ''
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if ((skip)); then skip=0
    elif [[ $word == -* ]]; then [[ " $valued " == *" $word "* ]] && skip=1
    elif ((count == 0)) && [[ " $commands " == *" $word "* ]]; then
      path="$path $word"
      _siplab_place "$path"
    else ((++count)); fi
  done
  if ((skip)); then word=$(_siplab_values "$path $prev")
  elif [[ $cur == -* ]]; then word=$options
  else
    ((count >= \${#arguments[@]} && count > 0)) && count=$((\${#arguments[@]} - 1))
    word="$commands \${arguments[count]-}"
  fi
  COMPREPLY=()
  while IFS= read -r at; do [[ -n $at ]] && COMPREPLY+=("$at"); done < <(compgen -W "$word" -- "$cur")
}
_siplab_place() {
  case $1 in
${places.map(bashPlace).join('\n')}
  esac
}
_siplab_values() {
  case $1 in
${places.flatMap(bashValues).join('\n')}
  esac
}
complete -o default -F _siplab siplab
`
}

function bashPlace({ path, commands, options, values }: Place): string {
  const words = (all: readonly { readonly word: string }[]): string => quoted(all.map(({ word }) => word).join(' '))
  return [
    `    ${quoted(key(path))})`,
    `      commands=${words(commands)}`,
    `      options=${words(options)}`,
    `      valued=${words(options.filter(({ takesValue }) => takesValue))}`,
    `      arguments=(${values.map((each) => quoted(each.join(' '))).join(' ')}) ;;`,
  ].join('\n')
}

function bashValues({ path, options }: Place): readonly string[] {
  return options
    .filter(({ values }) => values.length > 0)
    .map(({ word, values }) => `    ${quoted(`${key(path)} ${word}`)}) printf '%s' ${quoted(values.join(' '))} ;;`)
}

function key(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join('')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
