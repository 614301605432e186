import '../without-code-generation.ts'
import {
  entryBundlesOf,
  equalBytes,
  formatTilePath,
  formatVerifierKey,
  HASH_BYTES,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  type Checkpoint,
  type EntryBundle,
} from '@claviger/contract/ledger'
import { checkHead, reported, trustedKeys, type CheckedHead, type TrustedKeys } from './head.ts'
import { readAhead } from './read-ahead.ts'
import { readEntries, readHashTile } from './read-tile.ts'
import { RecordCheck } from './record-check.ts'
import { Findings, summaryOf, type LedgerReport } from './report.ts'
import type { LedgerSource } from './source.ts'
import { TreeCheck, type DerivedTile } from './tree-check.ts'

/** The independent verifier: it believes nothing but the verifier keys, and derives everything else again from the entries. */

export interface VerifyOptions {
  /** Verifier keys of the log, and of witnesses, in the form of C2SP signed-note. Without them the source's own are taken. */
  readonly vkeys?: readonly string[]
  /** Checkpoints from earlier, as signed notes: the ledger must begin with the trees they are over. */
  readonly earlier?: readonly (Uint8Array | string)[]
  readonly onProgress?: (progress: VerifyProgress) => void
}

export interface VerifyProgress {
  readonly entries: number
  readonly size: number
}

/** Bundles with their tiles in flight at once. */
const READ_AHEAD = 4

/**
 * Verifies a ledger from its first entry to its newest checkpoint, in memory that does not grow with the entries. What is wrong with
 * the ledger is in the report; it rejects only where the ledger could not be read, and with LedgerFormatError for options that are
 * malformed.
 */
export async function verifyLedger(
  source: LedgerSource,
  options: VerifyOptions = {},
): Promise<LedgerReport> {
  const findings = new Findings()
  const { trust, keys } = await keysToTrust(source, options.vkeys, findings)
  const given = await Promise.all((options.earlier ?? []).map((note) => checkHead(note, keys)))
  const earlier = [...given.map(pastOf), ...(await keptBy(source, findings))]
  const head = await findings.attempt('checkpoint', 'the checkpoint', async () => {
    const note = await source.checkpoint()
    return note && checkHead(note, keys)
  })
  const tree = new TreeCheck(earlier.map(({ size }) => size))
  const records = new RecordCheck((finding) => findings.add(finding))
  if (head !== undefined) {
    for (const finding of head.findings) findings.add(finding)
    await new Walk(source, head.checkpoint, tree, records, findings).run(options.onProgress)
    for (const past of earlier) compareHistory(past, head.checkpoint, tree, findings)
  }
  const report: Omit<LedgerReport, 'summary'> = {
    ok: findings.total === 0,
    origin: head?.checkpoint.origin ?? '',
    size: head?.checkpoint.size ?? 0,
    root: head?.checkpoint.root.toBase64() ?? '',
    entries: tree.size,
    keys: records.keys,
    uses: records.uses,
    signedApprovals: records.signedApprovals,
    trust,
    vkeys: keys.map(formatVerifierKey),
    signatures: reported(head?.signatures ?? []),
    unknownEvents: records.unknownEvents,
    findings: findings.list,
    findingsTotal: findings.total,
  }
  return { ...report, summary: summaryOf(report) }
}

/** What the caller gives must be right; what the source says of itself is a finding where it is not. */
async function keysToTrust(
  source: LedgerSource,
  given: readonly string[] | undefined,
  findings: Findings,
): Promise<TrustedKeys> {
  if (given !== undefined) return trustedKeys(source, given)
  const named = await findings.attempt('signature', 'the verifier keys of the ledger', () =>
    trustedKeys(source),
  )
  return named ?? { trust: 'none', keys: [] }
}

/** One way through the entries, from the first to the last. */
class Walk {
  readonly #source: LedgerSource
  readonly #checkpoint: Checkpoint
  readonly #tree: TreeCheck
  readonly #records: RecordCheck
  readonly #findings: Findings
  /** Tiles of level 0 that were asked for together with their bundle, by number. */
  readonly #leaves = new Map<number, Promise<Uint8Array | undefined>>()

  constructor(
    source: LedgerSource,
    checkpoint: Checkpoint,
    tree: TreeCheck,
    records: RecordCheck,
    findings: Findings,
  ) {
    this.#source = source
    this.#checkpoint = checkpoint
    this.#tree = tree
    this.#records = records
    this.#findings = findings
  }

  /** Reads every bundle, checks its records, and compares the tree that the entries define with tiles and root. */
  async run(onProgress: VerifyOptions['onProgress']): Promise<void> {
    const { size, root } = this.#checkpoint
    const load = (bundle: EntryBundle) => this.#load(bundle)
    for await (const { item, value } of readAhead(entryBundlesOf(size), READ_AHEAD, load)) {
      const entries = await this.#findings.attempt('tree', formatTilePath(item), () => value)
      // Nothing after a hole can be hashed into the tree, nor said to come in order.
      if (entries === undefined) return
      for (const [at, entry] of entries.entries()) this.#records.add(this.#tree.size + at, entry)
      for (const derived of this.#tree.add(entries)) await this.#compare(derived)
      onProgress?.({ entries: this.#tree.size, size })
    }
    for (const derived of this.#tree.partialTiles()) await this.#compare(derived)
    if (equalBytes(this.#tree.root(), root)) return
    const why = 'its root is not that of the entries'
    this.#findings.add({ kind: 'tree', what: 'the checkpoint', why })
  }

  #load(bundle: EntryBundle): Promise<Uint8Array[] | undefined> {
    const leaves = readHashTile(this.#source, { ...bundle, kind: 'hashes', level: 0 })
    // It is waited for after its bundle, and not at all where that is missing.
    leaves.catch(() => undefined)
    this.#leaves.set(bundle.index, leaves)
    return readEntries(this.#source, bundle)
  }

  async #compare({ tile, bytes }: DerivedTile): Promise<void> {
    const what = formatTilePath(tile)
    const stored = await this.#findings.attempt(
      'tree',
      what,
      () => (tile.level === 0 && this.#leaves.get(tile.index)) || readHashTile(this.#source, tile),
    )
    if (tile.level === 0) this.#leaves.delete(tile.index)
    const at =
      stored === undefined ? -1 : bytes.findIndex((byte, offset) => byte !== stored[offset])
    if (at < 0) return
    const hash = Math.floor(at / HASH_BYTES)
    if (tile.level > 0) {
      this.#findings.add({
        kind: 'tree',
        what,
        why: `hash ${hash} does not follow from the entries`,
      })
      return
    }
    const index = tile.index * TILE_WIDTH + hash
    const why = `entry ${index} is not the one that was hashed into the tree`
    this.#findings.add({ kind: 'tree', index, what, why })
  }
}

/** A checkpoint from earlier. */
interface Past extends Checkpoint {
  readonly what: string
  /** What holds of it, however long the ledger is now. */
  readonly objection?: string
}

function pastOf({ checkpoint, signatures }: CheckedHead): Past {
  const what = `the earlier checkpoint over ${checkpoint.size} entries`
  const isInvalid = signatures.some(({ verdict }) => verdict === 'invalid')
  return {
    ...checkpoint,
    what,
    ...(isInvalid ? { objection: 'a signature of it does not hold' } : {}),
  }
}

/**
 * Those that the source keeps. Without them a ledger that was rewritten behind its last full tile would pass, since the partial tiles of
 * then are not read any more. Their signatures are not looked at: whose the ledger is, the newest checkpoint says, and of these each must
 * fit it.
 */
async function keptBy(source: LedgerSource, findings: Findings): Promise<Past[]> {
  const kept: Past[] = []
  for await (const { file, note } of source.kept?.() ?? []) {
    const checkpoint = await findings.attempt('history', file, async () =>
      parseCheckpoint(parseNote(note).text),
    )
    if (checkpoint !== undefined) kept.push({ ...checkpoint, what: file })
  }
  return kept
}

/** The tree of a checkpoint from earlier must be the beginning of this one. */
function compareHistory(
  past: Past,
  { origin, size }: Checkpoint,
  tree: TreeCheck,
  findings: Findings,
): void {
  const { what, objection } = past
  const find = (why: string) => findings.add({ kind: 'history', what, why })
  if (past.origin !== origin) return find('it is of another log')
  if (objection !== undefined) find(objection)
  if (past.size > size) return find(`the ledger now ends at ${size}: entries are gone`)
  const then = tree.rootAt(past.size)
  if (then === undefined) return find('it could not be compared, because entries are missing')
  if (!equalBytes(then, past.root)) find('the ledger does not begin with it: entries were changed')
}
