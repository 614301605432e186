import { Argument, Command, type Option } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { callerFor } from '../settings/connection.ts'
import { write, type Shell } from '../shell.ts'
import type { Making } from './globals.ts'

/**
 * Completion: the scripts only ask this command what fits, so they never fall behind it. Names of keys come from the server, within a
 * time that a person does not notice as waiting; without a server there are just none.
 */

const ALIASES_TIMEOUT_SECONDS = 1
const ALIASES_MAX = 1_000

const BASH = `# bash completion for claviger: source <(claviger completion bash)
_claviger() {
  local line
  COMPREPLY=()
  # Colons are part of a word here, though bash splits at them.
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(claviger complete -- "\${words[@]}" 2>/dev/null)
}
complete -o default -o nosort -F _claviger claviger
`

const ZSH = `#compdef claviger
# zsh completion for claviger: source <(claviger completion zsh)
_claviger() {
  local -a found
  found=("\${(@f)$(claviger complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#found[1]} )); then compadd -a found; else _files; fi
}
if [ "\${funcstack[1]}" = "_claviger" ]; then _claviger "$@"; else compdef _claviger claviger; fi
`

const FISH = `# fish completion for claviger: claviger completion fish | source
function __claviger_complete
    set -l words (commandline -opc) (commandline -ct)
    claviger complete -- $words[2..-1] 2>/dev/null
end
complete -c claviger -a '(__claviger_complete)'
`

export const completionScripts: Readonly<Record<string, string>> = Object.freeze({
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
})

function findOption(command: Command, word: string): Option | undefined {
  for (let place: Command | null = command; place !== null; place = place.parent) {
    const found = place.options.find(({ long, short }) => word === long || word === short)
    if (found !== undefined) return found
  }
  return undefined
}

/** The command that the words so far lead to, and how many positional arguments follow its name. */
function walk(
  program: Command,
  words: readonly string[],
): { command: Command; positional: number } {
  let command = program
  let positional = 0
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word.startsWith('-')) {
      const takesValue = findOption(command, word)?.required === true
      if (takesValue) index += 1
      continue
    }
    const next =
      positional === 0 ? command.commands.find((inner) => inner.name() === word) : undefined
    if (next === undefined) positional += 1
    else command = next
  }
  return { command, positional }
}

/** Whose options are the server's own, and none of this command's. */
const HANDED_OVER: ReadonlySet<string> = new Set(['dev', 'server'])

function optionsOf(command: Command): string[] {
  const names: string[] = []
  for (let place: Command | null = command; place !== null; place = place.parent) {
    names.push(...place.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? ''))
    if (HANDED_OVER.has(place.name())) break
  }
  return [...names, '--help']
}

export interface Suggestion {
  readonly words: readonly string[]
  /** Whether names of keys fit here too. */
  readonly keys: boolean
}

/** What fits as the last of the words, which may be empty or begun. */
export function suggest(program: Command, words: readonly string[]): Suggestion {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { command, positional } = walk(program, before)
  const option = findOption(command, before.at(-1) ?? '')
  if (option?.required === true) {
    return { words: option.argChoices ?? [], keys: option.short === '-k' }
  }
  if (current.startsWith('-')) return { words: optionsOf(command), keys: false }
  const argument = command.registeredArguments[positional]
  const keys = argument !== undefined && ['key', 'alias'].includes(argument.name())
  const commands = positional === 0 ? command.commands.filter((inner) => !isHidden(inner)) : []
  return {
    words: [...commands.map((inner) => inner.name()), ...(argument?.argChoices ?? [])],
    keys,
  }
}

/** Commands that only the scripts call. */
function isHidden(command: Command): boolean {
  return command.name() === 'complete'
}

async function aliases(shell: Shell): Promise<string[]> {
  try {
    const call = await callerFor(shell, { timeout: ALIASES_TIMEOUT_SECONDS })
    const { rowOf } = await import('./names.ts')
    const { items } = await call(rowOf('alias.list'), { limit: ALIASES_MAX })
    return items.map(({ alias }) => alias)
  } catch {
    // A shell in the middle of a line is no place for an error.
    return []
  }
}

/** The hidden command that the scripts call. */
export function completeCommand(making: Making, program: () => Command): Command {
  const command = new Command('complete').argument('[words...]').allowUnknownOption()
  return command.action(async (words: string[]) => {
    const { words: fixed, keys } = suggest(program(), words)
    const found = keys ? [...fixed, ...(await aliases(making.shell))] : fixed
    const current = words.at(-1) ?? ''
    const fitting = found.filter((word) => word.startsWith(current))
    if (fitting.length > 0) await write(making.shell, `${fitting.join('\n')}\n`)
  })
}

export function completionCommand(making: Making): Command {
  return new Command('completion')
    .description('Print the completion script for a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(completionScripts)))
    .addHelpText('after', "\nbash: echo 'source <(claviger completion bash)' >> ~/.bashrc")
    .action(async (name: string) => {
      const script = Object.hasOwn(completionScripts, name) ? completionScripts[name] : undefined
      if (script === undefined)
        throw usageFailure(`There is no completion for ${name}`, 'There is: bash, zsh, fish.')
      await write(making.shell, script)
    })
}
