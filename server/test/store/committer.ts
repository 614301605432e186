import { writeSync } from 'node:fs'
import { openSqliteStore } from '#store'
import { batchOf, noteOf } from './harness.ts'

/**
 * A process that commits until it is killed or its store fails, and tells what was acknowledged, after it was: lines `entries <next>`
 * and `checkpoint <size>`. When a commit fails it tries once more, then recovers, and goes on; when it cannot recover it ends.
 */
const [path = ''] = process.argv.slice(2)
const store = await openSqliteStore(path)
let { next } = await store.head()

for (let round = 1; ; round += 1) {
  const first = next
  const batch = () =>
    batchOf(
      Array.from({ length: 20 }, (_, i) => `entry ${first + i} ${'x'.repeat(300)}`),
      { facets: ['a=b'] },
    )
  try {
    await store.commit(batch())
    next = first + 20
    say(`entries ${next}`)
    if (round % 5 === 0) {
      const { size, root } = await store.integrate(1_000)
      await store.saveCheckpoint({ size, note: noteOf(size, root) })
      say(`checkpoint ${size}`)
    }
  } catch (failure) {
    say(`failed ${codeOf(failure)}`)
    say(`again ${await store.commit(batch()).then(() => 'committed', codeOf)}`)
    say(`read ${await store.head().then(() => 'answered', codeOf)}`)
    const head = await store.recover().catch((error: unknown) => codeOf(error))
    if (typeof head === 'string') {
      say(`unrecoverable ${head}`)
      say(`again ${await store.commit(batch()).then(() => 'committed', codeOf)}`)
      break
    }
    next = head.next
    say(`recovered ${next}`)
  }
}
await store.close()

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** Written when it returns, so a kill cannot lose what was said. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}
