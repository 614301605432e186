import type { Figure } from './figures.ts'
import type { Row } from './rows.ts'

/** What the project promises itself. Shown beside the figures; a run never fails over them, since machines differ. */

export interface Results {
  readonly rows: readonly Row[]
  readonly figures: Readonly<Record<string, Figure>>
}

export interface Target {
  readonly name: string
  readonly unit: string
  readonly least?: number
  readonly most?: number
  /** The measured value, or undefined where it was not measured. */
  figure(results: Results): number | undefined
}

function ofRow(name: string, pick: (row: Row) => number | undefined) {
  return ({ rows }: Results) => {
    const row = rows.find((each) => each.name === name)
    return row === undefined ? undefined : pick(row)
  }
}

function ofFigure(name: string, field: string) {
  return ({ figures }: Results) => {
    const value = figures[name]?.[field]
    return typeof value === 'number' ? value : undefined
  }
}

const ratio = (row: Row) => row.ratio
const p99 = (row: Row) => row.p99_ms

export const targets: readonly Target[] = [
  {
    name: 'encrypt, of bare per CPU-second',
    unit: '',
    least: 0.4,
    figure: ofRow('encrypt', ratio),
  },
  {
    name: 'decrypt, of bare per CPU-second',
    unit: '',
    least: 0.4,
    figure: ofRow('decrypt', ratio),
  },
  { name: 'encrypt p99', unit: 'ms', most: 10, figure: ofRow('encrypt', p99) },
  { name: 'decrypt p99', unit: 'ms', most: 10, figure: ofRow('decrypt', p99) },
  {
    name: 'encrypt-batch, items per CPU-second',
    unit: '',
    least: 60_000,
    figure: ofRow('encrypt-batch', (row) => Math.round(1e6 / row.cpu_us_per_op)),
  },
  ...(['encrypt', 'decrypt', 'datakey', 'sign-p256'] as const).map((name) => ({
    name: `${name} signed by an AWS client, of the same over REST per CPU-second`,
    unit: '',
    least: 0.8,
    figure: ofRow(`aws-${name}`, (row) => row.ratio_to_rest),
  })),
  {
    name: 'revoke p99 under full load',
    unit: 'ms',
    most: 50,
    figure: ofFigure('revoke', 'p99_ms'),
  },
  { name: 'ready', unit: 'ms', most: 700, figure: ofFigure('ready', 'ready_ms') },
  {
    name: 'resident after the encrypts',
    unit: 'MB',
    most: 150,
    figure: ofFigure('memory', 'resident_mb'),
  },
  {
    name: 'opening many keys, of opening 100',
    unit: '',
    most: 1.15,
    figure: ofFigure('open-store', 'difference'),
  },
  ...(['first', 'again', 'conditional'] as const).map((name) => ({
    name: `decision among 10,000 bindings, ${name}, p50`,
    unit: 'us',
    most: 5,
    figure: ofFigure('decisions', `${name}_p50_us`),
  })),
  {
    name: 'answered after binding.delete returned',
    unit: '',
    most: 0,
    figure: ofFigure('unbind', 'answered_after'),
  },
  {
    name: 'encrypt p99 while keys are rotated, growth',
    unit: '',
    most: 0.5,
    figure: ofFigure('due', 'p99_growth'),
  },
  {
    name: 'file, of openssl speed at 16 KiB',
    unit: '',
    least: 0.7,
    figure: ofFigure('file', 'ratio'),
  },
]

/** Whether a value keeps a target. */
export function keeps({ least, most }: Target, value: number): boolean {
  return (least === undefined || value >= least) && (most === undefined || value <= most)
}
