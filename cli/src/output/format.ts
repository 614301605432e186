/** The forms in which an answer is printed. */
export const outputFormats = ['table', 'json', 'yaml', 'raw'] as const
export type OutputFormat = (typeof outputFormats)[number]

export interface Presentation {
  readonly output: OutputFormat | undefined
  readonly field: string | undefined
  readonly quiet: boolean
}
