/**
 * Several users who do something again and again, until it is ended or one of them meets an error. Disposing of it ends it, so that a
 * test that fails does not leave it running.
 */
export class Load implements AsyncDisposable {
  /** Turns done by all of them. */
  turns = 0
  #going = true
  readonly #errors: unknown[] = []
  readonly #users: readonly Promise<void>[]

  constructor(users: number, turn: (user: number) => Promise<void>) {
    this.#users = Array.from({ length: users }, (_unused, user) => this.#run(user, turn))
  }

  /** Waits until so many more turns are done. Rejects with what a user met. */
  async more(turns: number): Promise<void> {
    const enough = this.turns + turns
    while (this.turns < enough && this.#going) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (this.#errors.length > 0) throw this.#errors[0]
  }

  /** Ends it, and waits for what is under way. Rejects with what a user met. */
  async end(): Promise<void> {
    this.#going = false
    await Promise.all(this.#users)
    if (this.#errors.length > 0) throw this.#errors[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false
    await Promise.all(this.#users)
  }

  async #run(user: number, turn: (user: number) => Promise<void>): Promise<void> {
    try {
      while (this.#going) {
        await turn(user)
        this.turns += 1
        // What is refused at once would otherwise leave nobody else a turn.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      this.#going = false
      this.#errors.push(error)
    }
  }
}
