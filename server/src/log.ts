import { pino, type Logger } from 'pino'
import { ClavigerError } from '#model'
import { LogLines } from './log-lines.ts'

/** The server's structured log, on standard error. What it is given holds no secret; an error's cause is logged by name and message. */
export function createLog(level: string): Logger {
  const out = new LogLines()
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, out)
  out.onLost((lines) =>
    log.error(
      { event: 'log-lines-lost', lines },
      'standard error took nothing, so lines were lost',
    ),
  )
  return log
}

/** An error as fields: its code, and the chain of what caused it, without anything a request said. */
export function errorFields(thrown: unknown): Record<string, unknown> {
  const causes: string[] = []
  for (let cause = thrown; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(`${cause.name}: ${cause.message}`)
  }
  const stack =
    thrown instanceof ClavigerError && thrown.cause instanceof Error
      ? thrown.cause.stack
      : undefined
  return {
    ...(thrown instanceof ClavigerError ? { code: thrown.code } : {}),
    causes,
    ...(stack === undefined ? {} : { stack }),
  }
}
