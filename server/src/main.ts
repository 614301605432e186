import { mkdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { z } from 'zod'
import { readConfig, USAGE, UsageError, type Config } from './config.ts'
import { startDevelopment } from './development.ts'
import { createLog, errorFields } from './log.ts'
import { startServer, type Server } from './server.ts'

/** Where the server begins: the command line, the house put together, and signals. */

// Node's pool for small buffers is 64 KiB, which lives long enough to be kept for old; dead ones then wait for a full collection, which
// is rare here: tens of megabytes. One of 16 KiB dies young.
Buffer.poolSize = 16_384

// The sizes of the young generation that the launcher gives are for this thread. As flags they would go before what is said where another
// thread is made, which needs a quarter of it; a heap that has begun does not read them again.
for (const size of ['min', 'max']) setFlagsFromString(`--${size}-semi-space-size=0`)

// The server runs with code generation from strings disallowed, and zod would try it once.
z.config({ jitless: true })

function readCommandLine(): Config | 'help' {
  try {
    return readConfig(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(
      `claviger: ${error.message}\n  'claviger server --help' lists the options.\n`,
    )
    process.exitCode = 2
    return 'help'
  }
}

async function main(config: Config): Promise<void> {
  const log = createLog(config.logLevel)
  let server: Server
  try {
    if (config.dataFolder !== undefined)
      mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })
    server = await startServer(config, log)
    if (config.mode === 'dev') await startDevelopment(server, config)
    else await unsealAtStart(server, config)
  } catch (error) {
    log.fatal(errorFields(error), 'the server cannot start')
    process.stderr.write(`claviger: ${whyNotStarted(error)}\n`)
    process.exit(1)
  }
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    server.close().then(
      () => {
        log.info({ event: 'stopped' }, 'the server has stopped')
        process.exit(0)
      },
      (error: unknown) => {
        log.fatal(errorFields(error), 'the server could not stop in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Of a terminal that was closed. There is nothing to read again without a start.
  process.on('SIGHUP', stop)
  process.on('unhandledRejection', (error) => {
    // A defect: nothing more can be promised, so nothing more is answered.
    log.fatal(errorFields(error), 'a defect was met; the server ends')
    process.exit(1)
  })
}

/** What went wrong, and what the disk said of it. What the system refuses most often is told with what to do about it. */
function whyNotStarted(error: unknown): string {
  if (!(error instanceof Error)) return 'cannot start'
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `${error.message}\n  Something listens there: stop it, or choose another place with --listen HOST:PORT.`
  if (code === 'EACCES' && 'syscall' in error && error.syscall === 'listen')
    return `${error.message}\n  Ports below 1024 are for programs with the right to: choose another with --listen HOST:PORT.`
  if ('syscall' in error && error.syscall === 'mkdir')
    return `The folder of --data cannot be made: ${error.message}`
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}

/** A passphrase seal opens at start where the environment has the passphrase. */
async function unsealAtStart(server: Server, config: Config): Promise<void> {
  if (config.passphrase === undefined || server.custody.description?.kind !== 'passphrase') return
  await server.ceremonies.unseal(
    { passphrase: config.passphrase },
    { door: 'start', source: 'local', request: 'start' },
  )
}

const config = readCommandLine()
if (config === 'help') {
  if (process.exitCode === undefined) process.stdout.write(USAGE)
} else await main(config)
