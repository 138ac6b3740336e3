/** How a line of the log is written: one line of `name=value` whatever is in it, and no VIN, by which anybody could look a car's owner up. */
import { Logger } from "effect"

/** Line breaks are escaped, so that nobody writes a line of his own by what he sends (ASVS 16.4.1). */
export const operatorsLine = Logger.map(Logger.formatLogFmt, (line) => withoutVins(line))

/** To the standard output, or the error output where a program says so (`LogToStderr`). */
export const OperatorsLog = Logger.layer([
  Logger.make((options) => (options.fiber.getRef(Logger.LogToStderr) ? toErrors : toOutput).log(options))
])
const toOutput = Logger.withConsoleLog(operatorsLine)
const toErrors = Logger.withConsoleError(operatorsLine)

/** A slash that is encoded, `%2F`, ends in what could be a VIN's beginning, and is none. */
const vin = /(?:(?<![A-Z0-9])(?<!%[0-9A-F]?)|(?<=%[0-9A-F]{2}))(?=[A-Z0-9]*\d)[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])/g

/** "VSS…0001": enough for who has the car's papers before him, and for telling two cars of one line apart. */
const withoutVins = (line: string): string => line.replace(vin, (found) => `${found.slice(0, 3)}…${found.slice(-4)}`)
