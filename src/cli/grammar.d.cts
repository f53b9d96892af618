// Made by `npm run build:debug`: what the addon has for the command line alone.

/** A command, or a group of them. */
export interface CommandDescription {
  /** Its own word, without that of its group. */
  name: string
  /** What it does. */
  about: string
  /** Its positional arguments: `<FILE>` is required, `[FILE]` is optional. */
  arguments: string
  /** Its options, without those that every command has. */
  options: Array<OptionDescription>
  /** Examples. */
  examples: Array<ExampleDescription>
  /** More to know; empty if there is nothing. */
  notes: string
  /** The commands of a group. */
  commands: Array<CommandDescription>
}
/**
 * The grammar that `parseCommandLine` follows. For programs that show the commands under a name of their own, such as
 * `particle duo`.
 */
export declare function describeCommandLine(): CommandDescription
/** One line of examples. */
export interface ExampleDescription {
  /** The words after `duo-provision`. */
  arguments: string
  /** What it does; empty if that is clear. */
  text: string
}
/** One option of a command. */
export interface OptionDescription {
  /** Its name, as it is typed after two dashes. */
  name: string
  /** What it does. */
  help: string
  /** Its one letter, if it has one. */
  short?: string
  /** The name of its value; an option without one is a switch. */
  value?: string
  /** Its possible values, if these are all. */
  choices: Array<string>
}
/** Parses the arguments of the command line. For the command line itself; scripts call the functions. */
export declare function parseCommandLine(arguments: Array<string>, layout?: TextLayout | undefined | null): ParsedCommand
/** The meaning of a command line. */
export interface ParsedCommand {
  /** `run` a command, `print` a text to standard output, or report an `error`. */
  kind: 'run' | 'print' | 'error'
  /** The command to run; for one in a group, its words with a space between: `key new`. */
  command?: string
  /** Its options, as the API takes them; with an error, those of the menu to show instead, if nothing was asked for. */
  options?: any
  /** True if `--json` was typed, even on a command line that cannot be used. */
  json: boolean
  /** True if `--yes` was typed. */
  yes: boolean
  /** How many times `-v` was typed. */
  verbose: number
  /** True if `--quiet` was typed. */
  quiet: boolean
  /** True if `--full` was typed. */
  full: boolean
  /** The text to print. */
  text?: string
  /** What is wrong with the command line. */
  problem?: import('../../index.js').Problem
  /** The exit code for the text. */
  exitCode: number
}
/** A word, quoted for the shell for which commands are printed. For the command line itself. */
export declare function quoteWord(word: string): string
/** The layout of a text to print. */
export interface TextLayout {
  /** The available columns; at most 100; 100 unless given. */
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
