import { configureGlobal } from 'fast-check'

/**
 * Loaded into every test process. In continuous integration properties are tried on the same values each time, so that a failure there
 * is the change's; everywhere else on new ones, so that they go on looking.
 */
if (process.env['CI'] !== undefined) configureGlobal({ seed: 20_261_123 })
