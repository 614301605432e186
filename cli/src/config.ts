/** The environment of this process, as it was at the start. The only reader of process.env in the command. */
export const environment: Readonly<Record<string, string | undefined>> = Object.freeze({
  ...process.env,
})
