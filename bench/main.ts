import { statfsSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { measureDecisions, measureUnbind } from './bindings.ts'
import { measureDue } from './due.ts'
import {
  measureMemory,
  measureOpenStore,
  measureReady,
  measureRevoke,
  type Figure,
} from './figures.ts'
import { measureFile } from './file.ts'
import { readOptions, usage, type BenchOptions } from './options.ts'
import { hasTaskset } from './processes.ts'
import { humanReport } from './report.ts'
import { measureRows, rowNames } from './rows.ts'
import { keeps, targets, type Results } from './targets.ts'

/**
 * `npm run bench`: the real server on one core with its ledger durable on SQLite, the load on another, and bare node:http beside it in the
 * same run. `--json` prints one object. Ratios can be compared between machines, and within 15 % they say nothing; the rest cannot.
 */

const figures: Readonly<Record<string, (options: BenchOptions) => Promise<Figure>>> = {
  revoke: measureRevoke,
  ready: measureReady,
  memory: measureMemory,
  'open-store': measureOpenStore,
  file: measureFile,
  decisions: measureDecisions,
  unbind: measureUnbind,
  due: measureDue,
}

/** The type that statfs gives for a file system in memory, where syncing costs nothing. */
const TMPFS = 0x01021994

async function run(options: BenchOptions): Promise<Results> {
  const rows = await measureRows(options)
  const measured: Record<string, Figure> = {}
  for (const [name, measure] of Object.entries(figures)) {
    if (!options.chosen(name)) continue
    options.say(name)
    measured[name] = await measure(options)
  }
  return { rows, figures: measured }
}

function machine(options: BenchOptions): Figure {
  return {
    node: process.version,
    openssl: process.versions.openssl,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 1e9),
    pinned: hasTaskset ? 'server to core 0, load to core 1' : 'no',
    disk: statfsSync(options.folder).type === TMPFS ? 'memory' : 'disk',
  }
}

function options(): BenchOptions | undefined {
  try {
    return readOptions(process.argv.slice(2), [...rowNames, ...Object.keys(figures)])
  } catch (error) {
    console.error(Error.isError(error) ? error.message : error)
    process.exit(2)
  }
}

async function main(asked: BenchOptions): Promise<void> {
  const results = await run(asked)
  const about = machine(asked)
  const kept = targets.flatMap((target) => {
    const value = target.figure(results)
    if (value === undefined) return []
    const bound = target.least === undefined ? { most: target.most } : { least: target.least }
    return [{ name: target.name, value, ...bound, unit: target.unit, kept: keeps(target, value) }]
  })
  const { rows, figures: measured } = results
  const { quick, rounds } = asked
  console.log(
    asked.json
      ? JSON.stringify({ rows, ...measured, targets: kept, machine: about, quick, rounds })
      : humanReport(results, kept, about),
  )
}

const asked = options()
if (asked === undefined) {
  console.log(usage)
} else {
  try {
    await main(asked)
  } catch (error) {
    // Without a server there is nothing to measure; what it said stands in the message.
    console.error(`bench: ${Error.isError(error) ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
