/**
 * Text with wildcards, matched in time linear in the text: between two stars the leftmost place is always good enough, so nothing is
 * tried twice. Characters are UTF-16 code units, for `?` too.
 */

/** A code unit, or one of the wildcards. */
export type Token = number
/** `?`: any one character. */
export const ANY_ONE: Token = -1
/** `*`: any characters, also none. */
export const ANY_RUN: Token = -2

/**
 * The longest piece between two stars that may hold a `?`. Such a piece is compared at each place of the text, so this bounds the work;
 * a piece of plain characters is found by its borders (Knuth, Morris and Pratt), whatever its length.
 */
const HOLED_LENGTH_MAX = 256

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
  /** The piece as text, where it has no `?`. */
  readonly text: string | undefined
  /** For each beginning of the piece: the longest proper beginning that it also ends with. */
  readonly borders: readonly number[]
}

export class Pattern {
  readonly #head: Piece
  readonly #middles: readonly Piece[]
  /** Undefined where the pattern has no star. */
  readonly #tail: Piece | undefined

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
    this.#head = pieceOf(head)
    this.#middles = middles.map((piece) => pieceOf(piece, true))
    this.#tail = tail === undefined ? undefined : pieceOf(tail)
  }

  matches(text: string): boolean {
    const head = this.#head
    const tail = this.#tail
    if (tail === undefined) return text.length === head.tokens.length && isAt(head, text, 0)
    const end = text.length - tail.tokens.length
    let from = head.tokens.length
    if (from > end || !isAt(head, text, 0) || !isAt(tail, text, end)) return false
    for (const piece of this.#middles) {
      const place = find(piece, text, from, end)
      if (place === undefined) return false
      from = place + piece.tokens.length
    }
    return true
  }
}

function pieceOf(tokens: readonly Token[], searched = false): Piece {
  const text = tokens.includes(ANY_ONE)
    ? undefined
    : tokens.map((unit) => String.fromCharCode(unit)).join('')
  return { tokens, text, borders: searched && text !== undefined ? bordersOf(text) : [] }
}

function bordersOf(text: string): number[] {
  const borders = [0]
  let border = 0
  for (let at = 1; at < text.length; at += 1) {
    while (border > 0 && text[at] !== text[border]) border = borders[border - 1] ?? 0
    if (text[at] === text[border]) border += 1
    borders.push(border)
  }
  return borders
}

/** Whether a piece stands at a place; the text is long enough. */
function isAt({ tokens, text: plain }: Piece, text: string, place: number): boolean {
  if (plain !== undefined) return text.startsWith(plain, place)
  return tokens.every((token, at) => token === ANY_ONE || token === text.charCodeAt(place + at))
}

/** The leftmost place of a piece between two places, or undefined. */
function find(piece: Piece, text: string, from: number, end: number): number | undefined {
  const { text: plain, borders } = piece
  if (plain === undefined) {
    for (let place = from; place + piece.tokens.length <= end; place += 1) {
      if (isAt(piece, text, place)) return place
    }
    return undefined
  }
  let found = 0
  for (let at = from; at < end; at += 1) {
    while (found > 0 && text[at] !== plain[found]) found = borders[found - 1] ?? 0
    if (text[at] === plain[found]) found += 1
    if (found === plain.length) return at + 1 - found
  }
  return undefined
}

/** A pattern in which only `*` stands for something else than itself. */
export function starPattern(text: string): Pattern | undefined {
  return Pattern.of(literalTokensOf(text).map((unit) => (unit === 0x2a ? ANY_RUN : unit)))
}
