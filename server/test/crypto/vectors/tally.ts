import { ClavigerError } from '#model'

/** What came of the cases of one file of vectors. */

/**
 * `right`: it gave what the vector says. `refused`: it gave an error, or said that a signature is not valid. `wrong`: it gave something
 * else. Otherwise the reason why our functions do not take the case.
 */
export type Outcome = 'right' | 'refused' | 'wrong' | { readonly notDrivable: string }

export type Expectation = 'valid' | 'invalid' | 'acceptable'

export class Tally {
  readonly file: string
  run = 0
  readonly mismatches: string[] = []
  readonly notDrivable = new Map<string, number>()

  constructor(file: string) {
    this.file = file
  }

  /** Counts one case. A case that is `acceptable` may be refused, and must be right where it is not. */
  count(name: string, expected: Expectation, outcome: Outcome): void {
    if (typeof outcome === 'object') {
      this.notDrivable.set(
        outcome.notDrivable,
        (this.notDrivable.get(outcome.notDrivable) ?? 0) + 1,
      )
      return
    }
    this.run++
    const good =
      outcome === 'right' ? expected !== 'invalid' : outcome === 'refused' && expected !== 'valid'
    if (!good) this.mismatches.push(`${name}: ${expected}, but ${outcome}`)
  }

  line(): string {
    const passed = this.run - this.mismatches.length
    const reasons = [...this.notDrivable].map(
      ([reason, count]) => `; ${count} not driven: ${reason}`,
    )
    return `${this.file}: ${this.run} run, ${passed} passed${reasons.join('')}`
  }
}

/** What an act gives compared with what it should; an error of ours is a refusal, and any other error is wrong. */
export async function outcomeOf(
  wanted: Uint8Array,
  act: () => Uint8Array | Promise<Uint8Array>,
): Promise<Outcome> {
  try {
    return Buffer.compare(await act(), wanted) === 0 ? 'right' : 'wrong'
  } catch (thrown) {
    return refusedOrWrong(thrown)
  }
}

/** The same for a yes or no. */
export async function verdictOf(act: () => boolean | Promise<boolean>): Promise<Outcome> {
  try {
    return (await act()) ? 'right' : 'refused'
  } catch (thrown) {
    return refusedOrWrong(thrown)
  }
}

function refusedOrWrong(thrown: unknown): Outcome {
  return thrown instanceof ClavigerError && thrown.code !== 'internal' ? 'refused' : 'wrong'
}

export function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}
