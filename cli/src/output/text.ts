/** Text for a terminal. */

/** What the far side sent, without the control characters that could move the cursor or forge a line. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\n'
      ? ' '
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

/** Text of several lines from the far side, the same way. In JSON it means what it meant. */
export function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n')
}

/** Whether bytes are UTF-8 text that a terminal shows without being told to do something. */
export function isPrintable(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return !/[^\P{Cc}\n\r\t]/u.test(text)
  } catch {
    return false
  }
}

/** `datakeyPair` -> `datakey-pair`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
