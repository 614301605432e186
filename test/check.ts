import { execFileSync, spawnSync } from 'node:child_process'
import { root } from './repository.ts'

/**
 * `npm run check`: everything that can be checked by a machine, one step after the other, each named and timed. A step that fails does
 * not keep the others from running; the summary at the end names it. Arguments choose steps: `npm run check -- lint types`.
 */

interface Step {
  readonly name: string
  /** What the step is for, shown beside its name. */
  readonly about: string
  /** Arguments for the Node that this runs on. */
  readonly run: readonly string[]
}

const steps: readonly Step[] = [
  { name: 'format', about: 'oxfmt', run: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'] },
  { name: 'lint', about: 'oxlint, with types', run: ['node_modules/oxlint/bin/oxlint', '.'] },
  { name: 'types', about: 'tsc', run: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  {
    name: 'page-types',
    about: 'tsc, for what runs in browsers',
    run: ['node_modules/typescript/bin/tsc', '-p', 'server/src/doors/console/pages'],
  },
  {
    name: 'walls',
    about: 'who may import what; tidiness',
    // Dots, because only the run of all tests writes closing lines for others to read.
    run: ['--test', '--test-reporter=dot', 'test/walls.test.ts', 'test/tidy.test.ts'],
  },
  { name: 'dead-code', about: 'knip', run: ['node_modules/knip/bin/knip.js', '--no-progress'] },
  { name: 'tests', about: 'npm test', run: ['test/run.ts'] },
]

/**
 * Whether the tests have just passed on exactly this tree: `.ci/run` sets CLAVIGER_TESTS_PASSED to the tree's hash after `npm test`, and
 * it counts only while nothing is changed, added or removed.
 */
function testsPassedOnThisTree(): boolean {
  const claimed = process.env['CLAVIGER_TESTS_PASSED']
  if (claimed === undefined || claimed === '') return false
  try {
    const git = (...given: string[]) => execFileSync('git', given, { cwd: root, encoding: 'utf8' })
    return git('rev-parse', 'HEAD^{tree}').trim() === claimed && git('status', '--porcelain') === ''
  } catch {
    return false
  }
}

function outcomeOf(step: Step): string {
  if (step.name === 'tests' && testsPassedOnThisTree()) return 'passed before, on this same tree'
  const done = spawnSync(process.execPath, step.run, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (done.error !== undefined) return `FAILED: ${done.error.message}`
  return done.status === 0 ? 'ok' : `FAILED (exit ${done.status ?? done.signal})`
}

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are ${steps.map((s) => s.name).join(', ')}`)
  process.exit(2)
}
const summary: string[] = []
let failed = 0
for (const step of steps) {
  if (chosen.length > 0 && !chosen.includes(step.name)) continue
  console.log(`\n== ${step.name}: ${step.about}`)
  const start = performance.now()
  const outcome = outcomeOf(step)
  if (outcome.startsWith('FAILED')) failed += 1
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  summary.push(`${step.name.padEnd(10)} ${seconds.padStart(6)} s  ${outcome}`)
}
console.log(`\n${summary.join('\n')}`)
console.log(failed === 0 ? 'check: all well' : `check: ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
