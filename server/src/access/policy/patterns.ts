/**
 * Text with wildcards, matched in time linear in the text: between two stars the leftmost place is always good enough, and each piece is
 * found in one pass that reads every character once. Characters are UTF-16 code units, for `?` too.
 */

/** What a pattern is compared with; a string, mostly. */
export interface Text {
  readonly length: number
  charCodeAt(at: number): number
}

/** A code unit, or one of the wildcards. */
export type Token = number
/** `?`: any one character. */
export const ANY_ONE: Token = -1
/** `*`: any characters, also none. */
export const ANY_RUN: Token = -2

/**
 * The longest piece between two stars that may hold a `?`. How far each beginning of it has come is one bit, so this bounds the work for
 * a character to eight words; a piece of plain characters is found by its borders, whatever its length.
 */
const HOLED_LENGTH_MAX = 256
const WORD_BITS = 32

/** The tokens of text in which stars and question marks are wildcards. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    tokens.push(unit === 0x2a ? ANY_RUN : unit === 0x3f ? ANY_ONE : unit)
  }
  return tokens
}

/** The tokens of text that means itself. */
export function literalTokensOf(text: string): Token[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
}

/** What stands between two stars. */
interface Piece {
  readonly tokens: readonly Token[]
  /** For each beginning of the piece: the longest proper beginning that it also ends with. Undefined where it has a `?`. */
  readonly borders: readonly number[] | undefined
}

export class Pattern {
  readonly #head: readonly Token[]
  readonly #middles: readonly Piece[]
  /** Undefined where the pattern has no star. */
  readonly #tail: readonly Token[] | undefined

  /** A pattern, or undefined: a piece with `?` between two stars is too long. */
  static of(tokens: readonly Token[]): Pattern | undefined {
    const pieces: Token[][] = [[]]
    for (const token of tokens) {
      if (token === ANY_RUN) pieces.push([])
      else pieces.at(-1)?.push(token)
    }
    const middles = pieces.slice(1, -1).filter((piece) => piece.length > 0)
    if (middles.some((piece) => piece.includes(ANY_ONE) && piece.length > HOLED_LENGTH_MAX)) {
      return undefined
    }
    return new Pattern(pieces[0] ?? [], middles, pieces.length > 1 ? pieces.at(-1) : undefined)
  }

  private constructor(head: Token[], middles: Token[][], tail: Token[] | undefined) {
    this.#head = head
    this.#middles = middles.map((tokens) => ({ tokens, borders: bordersOf(tokens) }))
    this.#tail = tail
  }

  /** Whether something in it can stand anywhere: a text is read to its end for that, once for all the pieces. */
  get isSearched(): boolean {
    return this.#middles.length > 0
  }

  matches(text: Text): boolean {
    const head = this.#head
    const tail = this.#tail
    if (tail === undefined) return text.length === head.length && isAt(head, text, 0)
    const end = text.length - tail.length
    let from = head.length
    if (from > end || !isAt(head, text, 0) || !isAt(tail, text, end)) return false
    for (const piece of this.#middles) {
      const place = find(piece, text, from, end)
      if (place === undefined) return false
      from = place + piece.tokens.length
    }
    return true
  }
}

/** Of plain characters (Knuth, Morris and Pratt, 1977); a `?` is like all characters, and so has no borders. */
function bordersOf(tokens: readonly Token[]): number[] | undefined {
  if (tokens.includes(ANY_ONE)) return undefined
  const borders = [0]
  let border = 0
  for (let at = 1; at < tokens.length; at += 1) {
    while (border > 0 && tokens[at] !== tokens[border]) border = borders[border - 1] ?? 0
    if (tokens[at] === tokens[border]) border += 1
    borders.push(border)
  }
  return borders
}

/** Whether tokens other than stars stand at a place; the text is long enough. */
function isAt(tokens: readonly Token[], text: Text, place: number): boolean {
  return tokens.every((token, at) => token === ANY_ONE || token === text.charCodeAt(place + at))
}

/** The leftmost place of a piece between two places, or undefined. */
function find({ tokens, borders }: Piece, text: Text, from: number, end: number) {
  if (from + tokens.length > end) return undefined
  return borders === undefined
    ? findHoled(tokens, text, from, end)
    : findPlain(tokens, borders, text, from, end)
}

function findPlain(
  tokens: readonly Token[],
  borders: readonly number[],
  text: Text,
  from: number,
  end: number,
): number | undefined {
  let found = 0
  for (let at = from; at < end; at += 1) {
    const unit = text.charCodeAt(at)
    while (found > 0 && unit !== tokens[found]) found = borders[found - 1] ?? 0
    if (unit === tokens[found]) found += 1
    if (found === tokens.length) return at + 1 - found
  }
  return undefined
}

/**
 * Shift-And (Baeza-Yates and Gonnet, 1992, section 2): bit i says that the text read so far ends with the first i + 1 tokens. One more
 * character moves all of them on by one, and keeps those whose next token it is.
 */
function findHoled(
  tokens: readonly Token[],
  text: Text,
  from: number,
  end: number,
): number | undefined {
  const { any, byUnit } = masksOf(tokens)
  const state = new Uint32Array(any.length)
  const last = tokens.length - 1
  for (let at = from; at < end; at += 1) {
    const mask = byUnit.get(text.charCodeAt(at)) ?? any
    let carry = 1
    for (let word = 0; word < state.length; word += 1) {
      const bits = state[word] ?? 0
      state[word] = ((bits << 1) | carry) & (mask[word] ?? 0)
      carry = bits >>> (WORD_BITS - 1)
    }
    if (hasBit(state, last)) return at - last
  }
  return undefined
}

/** Which tokens a character may be: those of `any` for every one, more for those that the piece names. */
function masksOf(tokens: readonly Token[]) {
  const any = new Uint32Array(Math.ceil(tokens.length / WORD_BITS))
  for (const [at, token] of tokens.entries()) if (token === ANY_ONE) setBit(any, at)
  const byUnit = new Map<number, Uint32Array>()
  for (const [at, token] of tokens.entries()) {
    if (token !== ANY_ONE)
      setBit(
        byUnit.getOrInsertComputed(token, () => any.slice()),
        at,
      )
  }
  return { any, byUnit }
}

function setBit(words: Uint32Array, bit: number): void {
  const word = Math.floor(bit / WORD_BITS)
  words[word] = (words[word] ?? 0) | (1 << (bit % WORD_BITS))
}

function hasBit(words: Uint32Array, bit: number): boolean {
  return (((words[Math.floor(bit / WORD_BITS)] ?? 0) >>> (bit % WORD_BITS)) & 1) === 1
}

/** A pattern in which only `*` stands for something else than itself. */
export function starPattern(text: string): Pattern | undefined {
  return Pattern.of(literalTokensOf(text).map((unit) => (unit === 0x2a ? ANY_RUN : unit)))
}
