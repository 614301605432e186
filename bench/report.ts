import type { Figure } from './figures.ts'
import type { Results } from './targets.ts'

/** A target beside what was measured. */
export interface Kept {
  readonly name: string
  readonly value: number
  readonly least?: number | undefined
  readonly most?: number | undefined
  readonly unit: string
  readonly kept: boolean
}

/** The tables for a person. */
export function humanReport(
  { rows, figures }: Results,
  kept: readonly Kept[],
  machine: Figure,
): string {
  const parts: string[] = [words(machine)]
  if (rows.length > 0) {
    parts.push(
      table(
        ['', 'ops/s', 'p50 ms', 'p99 ms', 'CPU us/op', 'of bare'],
        rows.map((row) => [
          row.name,
          String(row.ops_per_s),
          row.p50_ms.toFixed(2),
          row.p99_ms.toFixed(2),
          row.cpu_us_per_op.toFixed(1),
          row.ratio.toFixed(2),
        ]),
      ),
    )
  }
  for (const [name, figure] of Object.entries(figures)) parts.push(`${name}: ${words(figure)}`)
  if (kept.length > 0) {
    parts.push(
      table(
        ['target', 'bound', 'measured', ''],
        kept.map(({ name, value, least, most, unit, kept: met }) => [
          name,
          `${least === undefined ? `<= ${most}` : `>= ${least}`} ${unit}`.trim(),
          String(value),
          met ? 'kept' : 'MISSED',
        ]),
      ),
    )
  }
  return parts.join('\n\n')
}

function words(figure: Figure): string {
  return Object.entries(figure)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
    .join(', ')
}

/** Columns as wide as their widest cell; the first is words, the others are numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
