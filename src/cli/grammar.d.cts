// Made by `npm run build:debug`: what the addon has for the command line alone.

/** A command, or a group of them. */
export interface CommandDescription {
  /** Its own word, without that of the group it stands in. */
  name: string
  /** What it does. */
  about: string
  /** Its positional arguments: `<FILE>` has to be there, `[FILE]` may. */
  arguments: string
  /** Its options, but for those that every command has. */
  options: Array<OptionDescription>
  /** Examples. */
  examples: Array<ExampleDescription>
  /** What else is to be known; empty if there is nothing. */
  notes: string
  /** The commands of a group. */
  commands: Array<CommandDescription>
}
/**
 * The grammar that `parseCommandLine` follows. For programs that show the commands under a name of their own, as
 * `particle duo` does.
 */
export declare function describeCommandLine(): CommandDescription
/** One line of examples. */
export interface ExampleDescription {
  /** What is typed behind `duo-provision`. */
  arguments: string
  /** What it does; empty if that speaks for itself. */
  text: string
}
/** One option of a command. */
export interface OptionDescription {
  /** Its name, as it is typed behind two dashes. */
  name: string
  /** What it does. */
  help: string
  /** Its one letter, where it has one. */
  short?: string
  /** What its value is called; an option without one is a switch. */
  value?: string
  /** The values that it may have, where these are all. */
  choices: Array<string>
}
/** Parses the arguments of the command line. For the command line itself; scripts call the functions. */
export declare function parseCommandLine(arguments: Array<string>, layout?: TextLayout | undefined | null): ParsedCommand
/** What a command line asks for. */
export interface ParsedCommand {
  /** `run` a command, `print` a text to standard output, or report an `error`. */
  kind: 'run' | 'print' | 'error'
  /** The command to run; the words of one in a group with a space between: `key new`. */
  command?: string
  /** Its options, as the API takes them; of an error, those of a menu in its place, if nothing was asked for. */
  options?: any
  /** True if `--json` was typed, even on a command line that cannot be used. */
  json: boolean
  /** True if `--yes` was typed. */
  yes: boolean
  /** How often `-v` was typed. */
  verbose: number
  /** True if `--quiet` was typed. */
  quiet: boolean
  /** True if `--full` was typed. */
  full: boolean
  /** The text to print. */
  text?: string
  /** What is wrong with the command line. */
  problem?: import('../../index.js').Problem
  /** The exit code that goes with the text. */
  exitCode: number
}
/** A word, as the shell reads it that printed commands are typed into. For the command line itself. */
export declare function quoteWord(word: string): string
/** How a text to print is laid out. */
export interface TextLayout {
  /** The columns that there are; 100 at most, and unless given. */
  columns?: number
  /** True for headings in colour. */
  color?: boolean
}
/** What is wrong with a command line: a `Problem`. */
export interface UsageProblem {
  /** The stable name. */
  code: string
  /** What is wrong. */
  message: string
  /** The next thing to type. */
  hint: string
  /** The exit code. */
  exitCode: number
}
