import { ClavigerError } from '#model'

/** What a self-test is, and small helpers of all of them. */

export interface SelfTest {
  readonly name: string
  /** Hex; white space does not count. */
  readonly expected: string
  compute(): Uint8Array
}

/** The expectation of a test that answers yes or no. */
export const YES = '01'

export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex')
}

export function base64(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

export function yes(condition: boolean): Buffer {
  return Buffer.of(condition ? 1 : 0)
}

/** 00 01 02 ... */
export function counting(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, position) => position))
}

/** The same bytes with the last bit turned. */
export function changed(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes)
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

/** Whether a call fails with an error of a code. */
export function fails(code: ClavigerError['code'], call: () => unknown): boolean {
  try {
    call()
    return false
  } catch (thrown) {
    return thrown instanceof ClavigerError && thrown.code === code
  }
}
