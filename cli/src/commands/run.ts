import type { Operation } from '@claviger/contract'
import type { RowOutput } from '@claviger/sdk/call'
import { present } from '../output/present.ts'
import { callerFor, findConnection, type Globals } from '../settings/connection.ts'
import { write, type Shell } from '../shell.ts'
import { curlLine } from './curl.ts'
import { presentationOf } from './globals.ts'
import { callProving } from './step-up.ts'

/** Calls the operation, or prints its call for `--curl`: then there is no answer. */
export async function callOrPrint<Row extends Operation>(
  shell: Shell,
  globals: Globals,
  row: Row,
  input: unknown,
): Promise<RowOutput<Row> | undefined> {
  if (globals.curl === true) {
    const { address, caFile } = await findConnection(shell, globals)
    await write(shell, curlLine(row, input, address, globals.approval, caFile))
    return undefined
  }
  return callProving(shell, await callerFor(shell, globals), row, input, globals.approval)
}

/** Calls the operation and prints its answer, which is given back too; undefined after `--curl`. */
export async function callAndPresent<Row extends Operation>(
  shell: Shell,
  globals: Globals,
  row: Row,
  input: unknown,
): Promise<RowOutput<Row> | undefined> {
  const answer = await callOrPrint(shell, globals, row, input)
  if (answer !== undefined) await present(shell, row, answer, presentationOf(globals))
  return answer
}
