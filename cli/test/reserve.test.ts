import assert from 'node:assert/strict'
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { reserve } from '../src/output/reserve.ts'

const LARGE = 33_554_432

test('reserving room changes neither the length of a file nor what is written to it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-'))
  const path = join(folder, 'file')
  const file = openSync(path, 'wx')
  try {
    writeSync(file, 'before ')
    reserve(file, LARGE)
    assert.equal(fstatSync(file).size, 7)
    writeSync(file, 'after')
    assert.equal(readFileSync(path, 'utf8'), 'before after')
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
})

test('where no room can be reserved, nothing happens', () => {
  const nowhere = openSync('/dev/null', 'w')
  const readable = openSync(import.meta.filename, 'r')
  const { size } = fstatSync(readable)
  try {
    reserve(nowhere, LARGE)
    reserve(readable, LARGE)
    assert.equal(fstatSync(readable).size, size)
  } finally {
    closeSync(nowhere)
    closeSync(readable)
  }
})
