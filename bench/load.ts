import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { cpuNanoseconds } from './proc.ts'

/**
 * The load: keep-alive connections that each have one request under way, over plain sockets, so that the generator costs little beside
 * the server it drives. It reads jobs from its standard input, a JSON line each, and answers each with a line. It also reads the server's
 * CPU time, since it knows best when the measured time begins and ends.
 */

export interface Job {
  readonly port: number
  readonly connections: number
  /** Whole HTTP requests, sent in turn. */
  readonly requests: readonly string[]
  /** Either for so long, or so many requests. */
  readonly seconds?: number
  readonly count?: number
  /** Not measured. */
  readonly warmupSeconds: number
  /** The processes whose CPU time counts. */
  readonly pids: readonly number[]
}

export interface Result {
  /** Answers with a status of 2xx in the measured time. */
  readonly answers: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly cpuSeconds: number
  readonly failures: number
  /** The status line and body of the first failure. */
  readonly firstFailure?: string
}

/** Latencies are counted by the microsecond, up to this many. */
const LATENCY_US_MAX = 5_000_000
const READ_BYTES = 65_536
/** A connection whose answer takes longer is given up. */
const ANSWER_MS_MAX = 30_000
const HEAD_END = Buffer.from('\r\n\r\n')

class Load {
  readonly #job: Job
  readonly #requests: readonly Buffer[]
  readonly #latencies = new Uint32Array(LATENCY_US_MAX + 1)
  readonly #done = Promise.withResolvers<void>()
  #sent = 0
  #open = 0
  #measuring = false
  #stopping = false
  #answers = 0
  #failures = 0
  #firstFailure: string | undefined

  constructor(job: Job) {
    this.#job = job
    this.#requests = job.requests.map((request) => Buffer.from(request, 'latin1'))
  }

  async run(): Promise<Result> {
    const { connections, warmupSeconds, seconds, count, pids } = this.#job
    // What is sent before the warm-up ends does not count.
    for (let number = 0; number < connections; number += 1) this.#connect()
    if (warmupSeconds > 0) await after(warmupSeconds)
    const cpuBefore = cpuNanoseconds(pids)
    const start = performance.now()
    this.#sent = 0
    this.#measuring = true
    if (count === undefined) {
      await Promise.race([after(seconds ?? 1), this.#done.promise])
      this.#measuring = false
    } else {
      await this.#done.promise
    }
    const end = performance.now()
    const cpuAfter = cpuNanoseconds(pids)
    this.#stopping = true
    await this.#done.promise
    return {
      answers: this.#answers,
      seconds: (end - start) / 1000,
      p50: this.#percentile(0.5),
      p99: this.#percentile(0.99),
      cpuSeconds: (cpuAfter - cpuBefore) / 1e9,
      failures: this.#failures,
      ...(this.#firstFailure === undefined ? {} : { firstFailure: this.#firstFailure }),
    }
  }

  #connect(): void {
    let answer = new Answer()
    let sentAt = 0
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    const socket: Socket = connect({
      port: this.#job.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          if (!answer.take(buffer.subarray(0, bytes))) return true
          this.#count(answer, performance.now() - sentAt)
          answer = new Answer()
          send()
          return true
        },
      },
    })
    const send = () => {
      const enough = this.#measuring && this.#sent >= (this.#job.count ?? Infinity)
      if (this.#stopping || enough) {
        socket.destroy()
        return
      }
      const request = this.#requests[this.#sent % this.#requests.length]
      this.#sent += 1
      sentAt = performance.now()
      if (request !== undefined) socket.write(request)
    }
    this.#open += 1
    socket.on('connect', send)
    socket.setTimeout(ANSWER_MS_MAX, () => {
      this.#fail(`no answer in ${ANSWER_MS_MAX} ms`)
      socket.destroy()
    })
    socket.on('error', (error) => this.#fail(error.message))
    socket.on('end', () => {
      this.#fail('the server closed the connection')
      socket.destroy()
    })
    socket.on('close', () => {
      this.#open -= 1
      if (this.#open === 0) this.#done.resolve()
    })
  }

  #count(answer: Answer, milliseconds: number): void {
    if (!answer.head.startsWith('HTTP/1.1 2')) this.#fail(`${answer.head}\n${answer.body}`)
    else if (this.#measuring) {
      this.#answers += 1
      const at = Math.min(LATENCY_US_MAX, Math.round(milliseconds * 1000))
      this.#latencies[at] = (this.#latencies[at] ?? 0) + 1
    }
  }

  #fail(what: string): void {
    this.#failures += 1
    this.#firstFailure ??= what.slice(0, 500)
  }

  #percentile(share: number): number {
    const wanted = Math.ceil(this.#answers * share)
    let seen = 0
    for (let at = 0; at <= LATENCY_US_MAX; at += 1) {
      seen += this.#latencies[at] ?? 0
      if (seen >= wanted && seen > 0) return at / 1000
    }
    return 0
  }
}

/** One answer as it arrives. The connection has no other under way, so what comes belongs to it. */
class Answer {
  head = ''
  /** The first bytes of the body, for a message. */
  body = ''
  #missing = -1
  #early: Buffer | undefined

  /** Whether the answer is whole now. */
  take(chunk: Buffer): boolean {
    if (this.#missing >= 0) {
      this.#missing -= chunk.length
      return this.#missing <= 0
    }
    const bytes = this.#early === undefined ? chunk : Buffer.concat([this.#early, chunk])
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) {
      // The next read overwrites the chunk.
      this.#early = Buffer.from(bytes)
      return false
    }
    this.head = bytes.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.head)?.[1]
    if (length === undefined) throw new Error(`an answer without its length: ${this.head}`)
    this.body = bytes.toString('latin1', end + 4, end + 300)
    this.#missing = end + HEAD_END.length + Number(length) - bytes.length
    return this.#missing <= 0
  }
}

function after(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}

if (import.meta.main) {
  for await (const line of createInterface({ input: process.stdin })) {
    const result = await new Load(JSON.parse(line) as Job).run()
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
}
