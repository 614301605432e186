import { hex, type Expectation, type Outcome } from './tally.ts'

/** The shape of wycheproof's files, and how a driver reads them. */

/** A case; every type of file has fields of its own, all of them text but the numbers. */
export interface Case {
  readonly tcId: number
  readonly result: Expectation
  readonly size?: number
  readonly [field: string]: unknown
}

export interface Group {
  readonly type: string
  readonly tests: readonly Case[]
  readonly [field: string]: unknown
}

export interface WycheproofFile {
  readonly algorithm: string
  readonly testGroups: readonly Group[]
}

export type Driver = (group: Group, test: Case, file: WycheproofFile) => Promise<Outcome> | Outcome

export function text(from: Case | Group, field: string): string {
  const value = from[field]
  if (typeof value !== 'string') throw new TypeError(`the vector has no ${field}`)
  return value
}

export function bytes(from: Case | Group, field: string): Buffer {
  return hex(text(from, field))
}

export function skip(notDrivable: string): Outcome {
  return { notDrivable }
}
