/** Every moment at which a platform may be killed. Commands are read from the registry, so that a new one is not forgotten. */
import { registry } from "#actors/registry.ts"

/** The last step of all others is a mail, or a word to a car or another actor: there is nothing to be told about it. */
const answered = new Set([
  ...["ChargePayment", "PlaceFactoryOrder", "AskFactory", "RegisterVehicle", "BookTransport", "ReturnPayment"],
  ...["AuthorisePayment", "AskPayment", "SetUpMandate", "CapturePayment", "VoidPayment", "AskVehicle"]
])

const commands = [...new Set(registry.flatMap(({ perform }) => Object.keys(perform)))]

export const crashPoints: ReadonlyArray<string> = [
  "turn: before commit",
  "turn: after commit",
  "outbox: taken",
  ...commands.flatMap((command) => [
    `outbox: before ${command}`,
    `outbox: after ${command}`,
    ...(answered.has(command) ? [`outbox: told ${command}`] : [])
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
