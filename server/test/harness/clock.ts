import type { Clock } from '#model'

/** A clock that stands still until a test moves it. */
export class DrivenClock implements Clock {
  #now: number

  constructor(start = Date.parse('2026-01-01T00:00:00.000Z')) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  /** Goes on by so many milliseconds. */
  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}
