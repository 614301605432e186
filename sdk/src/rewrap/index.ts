/**
 * Bringing what is encrypted under a newer version of its key, or under another key, wherever it is kept: files, a column of a table,
 * objects in a bucket. It must never leave half a value, nor write over what somebody else wrote meanwhile.
 */
export { rewrapColumn, type Column, type ColumnRow, type RewrapColumnOptions } from './column.ts'
export type { Place, RewrapCounts, RewrapFailure, RewrapOptions, RewrapResult } from './run.ts'
export { rewrapFolder, type RewrapFolderOptions } from './folder.ts'
export {
  rewrapObjects,
  type ObjectContent,
  type ObjectStore,
  type ObjectWrite,
  type RewrapObjectsOptions,
  type StoredObject,
} from './objects.ts'
