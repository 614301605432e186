import type { InputOf } from '@claviger/contract'
import { newId, type RingKey } from '#keyring'
import {
  ClavigerError,
  keyRefusal,
  KeyError,
  type CompromiseCase,
  type Containment,
  type Dependent,
} from '#model'
import { rowsOfKey } from '../../rows-of-key.ts'
import { caseRow } from '../../rows/compromise.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { replaceKey, replaceVersion } from './successor.ts'
import { caseView } from './view.ts'

/** Opening a case: in one change the key stops protecting, another takes its place, and everybody is told. */

const HOUR_MS = 3_600_000

async function openCaseOf(work: Work, key: string, version: number | undefined) {
  for (const row of await rowsOfKey(work, 'compromiseCase', key)) {
    const value = work.parts.seals.open<CompromiseCase>(row)
    if (value.closedAt === undefined && value.version === version)
      return { value, standing: { kind: row.kind, id: row.id, revision: row.revision } }
  }
  return undefined
}

/** The owners of what depends on the key: they hold what is to be re-wrapped. */
async function ownersOf(work: Work, key: string): Promise<string[]> {
  const rows = await rowsOfKey(work, 'dependent', key)
  return [...new Set(rows.map((row) => work.parts.seals.open<Dependent>(row).owner))]
}

/** @throws KeyError wrong_state, wrong_usage; ClavigerError invalid_request */
function assertContainable(ringKey: RingKey, input: InputOf<'compromise.open'>, now: number): void {
  const { key } = ringKey
  const refuse = (code: 'wrong_state' | 'wrong_usage', message: string) =>
    new KeyError(code, message, { key })
  if (input.since > now) {
    throw new ClavigerError('invalid_request', 'since must not be in the future', {
      field: 'since',
    })
  }
  if (key.multiRegion !== undefined)
    throw refuse('wrong_usage', 'A multi-Region key shares its material; revoke it with key.revoke')
  if (input.version === undefined) {
    // A suspended key is contained as well: whoever saw the alarm first suspended it.
    const refused = key.state === 'suspended' ? undefined : keyRefusal(key)
    if (refused !== undefined)
      throw refuse('wrong_state', `No case can be opened: ${refused.reason}`)
    return
  }
  const version = ringKey.version(input.version)
  const refused = keyRefusal(key)
  if (refused !== undefined) throw refuse('wrong_state', `No case can be opened: ${refused.reason}`)
  if (version.revocation !== undefined || version.destroyedAt !== undefined)
    throw refuse('wrong_state', 'No case can be opened: the version is revoked or destroyed')
  if (input.replacement !== undefined)
    throw refuse('wrong_usage', 'A version is replaced by the next one; leave the replacement out')
  if (key.origin !== 'generated' && input.version === key.version)
    throw refuse('wrong_usage', 'The key was imported; import and rotate to another version first')
}

export const openCase: ChangeVerb<'compromise.open'> = {
  kind: 'change',
  references: (input) => [
    input.key,
    ...(input.replacement === undefined ? [] : [input.replacement]),
  ],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const { id: key, tenant } = ringKey.key
    const open = await openCaseOf(work, key, input.version)
    if (open !== undefined) {
      return {
        additive: true,
        rows: [],
        unchanged: [open.standing],
        key,
        subject: open.value.id,
        output: await caseView(work, open.value),
      }
    }
    assertContainable(ringKey, input, work.now)
    const id = await work.once('case', () => Promise.resolve(newId()))
    const until = work.now + input.hours * HOUR_MS
    const principals = [...new Set(input.principals ?? (await ownersOf(work, key)))]
    const containment: Containment = { case: id, until, principals }
    const { replacement, aliases, rows, absent, unchanged } =
      input.version === undefined
        ? await replaceKey(work, ringKey, containment, input.replacement)
        : await replaceVersion(work, ringKey, containment, input.version)
    const opened: CompromiseCase = {
      id,
      tenant,
      key,
      ...(input.version === undefined ? {} : { version: input.version }),
      reason: input.reason,
      since: input.since,
      openedAt: work.now,
      openedBy: work.caller.principal,
      decryptsUntil: until,
      principals,
      replacement,
      aliases,
      uses: [],
      runs: [],
    }
    return {
      additive: false,
      rows: [...rows, caseRow(opened)],
      absent: [...(absent ?? []), { kind: 'compromiseCase', id }],
      ...(unchanged === undefined ? {} : { unchanged }),
      key,
      ...(input.version === undefined ? {} : { version: input.version }),
      subject: id,
      detail: {
        reason: input.reason,
        since: new Date(input.since).toISOString(),
        decryptsUntil: new Date(until).toISOString(),
        principals: principals.join(' '),
        replacement: replacement.key,
        replacementVersion: replacement.version,
        aliases: aliases.length,
      },
      output: await caseView(work, opened),
    }
  },
}
