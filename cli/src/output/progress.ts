import type { Shell } from '../shell.ts'

/** Progress on stderr, for a person who watches: only on a terminal, and not more often than the eye needs. */
export interface Progress {
  /** `total` is undefined where nobody knows it. */
  show(done: number, total: number | undefined): void
  /** Takes the line away. */
  end(): void
}

const BETWEEN_MS = 100
const BAR_WIDTH = 24

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `1.5 GiB`. */
export function formatBytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

/** The line: a bar and a share where the end is known, the count so far and the speed. */
export function progressLine(
  done: number,
  total: number | undefined,
  elapsedMs: number,
  unit: 'bytes' | 'entries' | 'files',
): string {
  const format = (count: number) => (unit === 'bytes' ? formatBytes(count) : `${count} ${unit}`)
  const speed = elapsedMs < 1_000 ? '' : `  ${format(Math.round((done / elapsedMs) * 1_000))}/s`
  if (total === undefined || total === 0) return `${format(done)}${speed}`
  const part = Math.min(1, done / total)
  const filled = Math.floor(part * BAR_WIDTH)
  const bar = `${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}`
  return `[${bar}] ${Math.floor(part * 100)}%  ${format(done)}${speed}`
}

export function makeProgress(
  shell: Shell,
  quiet: boolean,
  unit: 'bytes' | 'entries' | 'files',
): Progress {
  if (quiet || !shell.terminals.errors) return { show: () => {}, end: () => {} }
  const start = shell.now()
  let shown = 0
  return {
    show(done, total) {
      const now = shell.now()
      if (now - Math.max(shown, start) < BETWEEN_MS) return
      shown = now
      shell.errors.write(`\r\u001b[K${progressLine(done, total, now - start, unit)}`)
    },
    end() {
      if (shown !== 0) shell.errors.write('\r\u001b[K')
    },
  }
}
