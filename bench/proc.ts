import { readdirSync, readFileSync } from 'node:fs'

/** What Linux tells of processes: CPU time, memory, and who started whom. */

/** CPU time of all threads of these processes, in nanoseconds (the first field of schedstat). */
export function cpuNanoseconds(pids: readonly number[]): number {
  let total = 0
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [running = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
      total += Number(running)
    }
  }
  return total
}

/** Resident memory of these processes, in megabytes (10^6 bytes): now, and the most it was. */
export function residentMegabytes(pids: readonly number[]): { now: number; peak: number } {
  let now = 0
  let peak = 0
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    now += kilobytes(status, 'VmRSS')
    peak += kilobytes(status, 'VmHWM')
  }
  return { now: (now * 1024) / 1e6, peak: (peak * 1024) / 1e6 }
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
}

/** A process and all that it started, directly or not: the command may run the server as a child. */
export function withDescendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      // The second field is the program's name in brackets, and may hold anything.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      parents.set(Number(entry), Number(parent))
    } catch {
      // It ended while we looked.
    }
  }
  const family = [pid]
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child)
  }
  return family
}
