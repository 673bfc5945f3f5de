/** `siplab completion fish`: one `complete` line for each word that may come. */
import type { OptionPlace, Place } from './tree.ts'

export function fishCompletion(places: readonly Place[]): string {
  return `# Completion of siplab for fish. Now: siplab completion fish | source
# For every shell: siplab completion fish > ~/.config/fish/completions/siplab.fish
function __siplab_path
    set -l known ${places
      .filter(({ path }) => path.length > 0)
      .map(({ path }) => quoted(path.join(' ')))
      .join(' ')}
    set -l path
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        contains -- "$path $word" " "$known; or break
        set path "$path $word"
    end
    string trim -- "$path"
end
function __siplab_at
    test (__siplab_path) = "$argv[1]"
end
complete -c siplab -e
complete -c siplab -f
${places.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, commands, options, values }: Place): readonly string[] {
  const here = `complete -c siplab -n ${quoted(`__siplab_at ${JSON.stringify(path.join(' '))}`)}`
  const all = [...new Set(values.flat())]
  const takesFile = values.some((each) => each.length === 0)
  return [
    ...commands.map(({ word, about }) => `${here} -a ${quoted(word)} -d ${quoted(about)}`),
    ...(all.length === 0 ? [] : [`${here} -a ${quoted(all.join(' '))}`]),
    ...(takesFile ? [`${here} -F`] : []),
    ...options.map((option) => `${here} ${optionText(option)}`),
  ]
}

function optionText({ word, about, takesValue, values }: OptionPlace): string {
  const name = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`
  const value = !takesValue ? '' : values.length === 0 ? ' -r -F' : ` -x -a ${quoted(values.join(' '))}`
  return `${name}${value} -d ${quoted(about)}`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\n', ' ').replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
