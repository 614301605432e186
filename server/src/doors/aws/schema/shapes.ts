/**
 * The shapes that members of AWS KMS have, as data: a JSON type and its constraints (botocore, kms 2014-11-01, service-2.json). The types
 * of inputs and outputs are derived from the same data.
 */

/** A regular expression as AWS prints it, and what tests it: Java's `matches`, which is over the whole value. */
export interface Pattern {
  readonly text: string
  readonly whole: RegExp
}

export interface StringShape {
  readonly type: 'string'
  /** Code points, as the other lengths of strings (Smithy 2.0, section 3.1). */
  readonly min?: number
  readonly max?: number
  readonly pattern?: Pattern
  /** The enumeration, in the order of AWS's model. */
  readonly values?: readonly string[]
  /** Whether messages leave the value out. */
  readonly sensitive?: true
}

export interface BlobShape {
  readonly type: 'blob'
  /** Bytes. */
  readonly min: number
  readonly max: number
}

export interface IntegerShape {
  readonly type: 'integer'
  readonly min: number
  readonly max: number
}

export interface ListShape {
  readonly type: 'list'
  readonly of: Shape
  readonly min?: number
  readonly max?: number
}

/** From strings to strings: an encryption context, as long as the native door can say it. Lengths are in UTF-16 code units. */
export interface MapShape {
  readonly type: 'map'
  readonly pairsMax: number
  readonly nameMax: number
  readonly valueMax: number
}

export interface StructureShape {
  readonly type: 'structure'
  readonly members: Members
}

export type Shape =
  | StringShape
  | BlobShape
  | IntegerShape
  | ListShape
  | MapShape
  | StructureShape
  | { readonly type: 'boolean' }
  /** Seconds since 1970 on the wire, milliseconds inside. */
  | { readonly type: 'epoch' }

/** A member of a structure. */
export type Member = Shape & { readonly required?: true }
export type Members = { readonly [Name in string]: Member }

/** What stands for a shape inside the server. */
export type ValueOf<S> = S extends { type: 'string'; values: readonly (infer Value)[] }
  ? Value
  : S extends { type: 'string' }
    ? string
    : S extends { type: 'blob' }
      ? Uint8Array
      : S extends { type: 'integer' | 'epoch' }
        ? number
        : S extends { type: 'boolean' }
          ? boolean
          : S extends { type: 'map' }
            ? Readonly<Record<string, string>>
            : S extends { type: 'list'; of: infer Of }
              ? readonly ValueOf<Of>[]
              : S extends { type: 'structure'; members: infer M }
                ? InputStructure<M>
                : never

type RequiredNames<M> = {
  [Name in keyof M]: M[Name] extends { required: true } ? Name : never
}[keyof M]

/** What was read: an absent member is not there. */
export type InputStructure<M> = {
  readonly [Name in RequiredNames<M>]: ValueOf<M[Name]>
} & { readonly [Name in Exclude<keyof M, RequiredNames<M>>]?: ValueOf<M[Name]> }

/** What is written: a member may also be left undefined. */
export type OutputStructure<M> = {
  readonly [Name in keyof M]?: OutputValueOf<M[Name]> | undefined
}

type OutputValueOf<S> = S extends { type: 'list'; of: infer Of }
  ? readonly OutputValueOf<Of>[]
  : S extends { type: 'structure'; members: infer M }
    ? OutputStructure<M>
    : ValueOf<S>

/** A string of so many code points. */
export function text(min: number, max: number) {
  return { type: 'string', min, max } as const
}

/** A string of so many code points that the whole of a pattern matches, which is printed as given. */
export function matching(min: number, max: number, pattern: string) {
  return {
    type: 'string',
    min,
    max,
    pattern: { text: pattern, whole: new RegExp(`^(?:${pattern})$`) },
  } as const
}

export function oneOf<const Values extends readonly string[]>(...values: Values) {
  return { type: 'string', values } as const
}

export function blob(min: number, max: number) {
  return { type: 'blob', min, max } as const
}

export function integer(min: number, max: number) {
  return { type: 'integer', min, max } as const
}

export function list<const Of extends Shape>(of: Of, bounds: { min?: number; max?: number } = {}) {
  return { type: 'list', of, ...bounds } as const
}

export function map(pairsMax: number, nameMax: number, valueMax: number) {
  return { type: 'map', pairsMax, nameMax, valueMax } as const
}

export function structure<const M extends Members>(members: M) {
  return { type: 'structure', members } as const
}

/** The same as a member that must be there. */
export function need<const S extends Shape>(shape: S): S & { readonly required: true } {
  return { ...shape, required: true }
}

/** The same with its value left out of messages. */
export function sensitive<const S extends StringShape>(shape: S): S & { readonly sensitive: true } {
  return { ...shape, sensitive: true }
}

export const string = { type: 'string' } as const
export const boolean = { type: 'boolean' } as const
export const number = { type: 'integer', min: 0, max: Number.MAX_SAFE_INTEGER } as const
export const epoch = { type: 'epoch' } as const
export const bytes = { type: 'blob', min: 0, max: Number.MAX_SAFE_INTEGER } as const
