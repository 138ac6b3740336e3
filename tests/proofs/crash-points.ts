/** Every moment at which a platform may be killed. Commands are read from the registry, so that a new one is not forgotten. */
import { registry } from "#actors/registry.ts"

/** The last step of these is a mail or a word to another actor: there is nothing to be told about it. */
const answersNothing = new Set(["SendCredentials", "Notify", "IntroduceVehicle", "StockVehicle", "MoveVehicle", "OpenStockSale"])

const commands = registry.flatMap(({ perform }) => Object.keys(perform))

export const crashPoints: ReadonlyArray<string> = [
  "turn: before commit",
  "turn: after commit",
  "outbox: taken",
  ...commands.flatMap((command) => [
    `outbox: before ${command}`,
    `outbox: after ${command}`,
    ...(answersNothing.has(command) ? [] : [`outbox: told ${command}`])
  ]),
  "outbox: before done",
  "outbox: done",
  "timer: taken",
  "timer: told",
  "webhook: kept",
  "webhook: published",
  "webhook: told",
  "webhook: applied",
  "report: told",
  "report: acknowledged"
]
