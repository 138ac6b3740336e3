/** What a car hears besides documents: commands of its owner's phone, words for its display, and that its report was heard. */
import type { Car } from "./car.ts"
import { isInstant } from "./document.ts"
import { sha256 } from "./jws.ts"

/** All that a phone can make it do. None of it touches driving. */
const acts = ["lockDoors", "unlockDoors", "flashLights", "soundHorn", "startClimate", "stopClimate"]
const lengthLimit = 16 * 1024
const commandsAtMost = 64

export const hearCommand = (car: Car, text: string): void => {
  const { state } = car.element
  const command = signedFor(car, "command", text)
  const { commandId, act, expiresAt } = command.payload ?? {}
  const reason =
    command.reason ??
    (typeof commandId !== "string" || !isInstant(expiresAt)
      ? "NotACommand"
      : !acts.includes(act)
        ? "UnknownAct"
        : Date.parse(expiresAt) <= car.time
          ? "Expired"
          : state.commands.some(({ id }) => id === commandId)
            ? "DoneBefore"
            : null)
  const known = typeof commandId === "string" && typeof act === "string"
  car.around.note(car, { kind: "command", commandId: known ? commandId : null, act: known ? act : null, reason })
  if (reason !== null) return
  const open = state.commands.filter((one) => one.expiresAt > car.time)
  state.commands = [...open, { id: commandId, expiresAt: Date.parse(expiresAt) }].slice(-commandsAtMost)
  car.carriedOut(commandId)
}

export const hearNotice = (car: Car, text: string): void => {
  const { state } = car.element
  const heard = signedFor(car, "display", text)
  const { notice, option, at, showWhen } = heard.payload ?? {}
  const known = typeof notice === "string" && isInstant(at)
  const hash = sha256(text)
  const when = known ? Date.parse(at) : 0
  const shown = when < state.lastNotice.at || hash === state.lastNotice.hash
  const judged = heard.reason ?? (known ? (shown ? "OldNotice" : null) : "NotANotice")
  const waits = judged === null && showWhen === "parked" && !car.parked
  const reason = waits ? "WaitsForParking" : judged
  car.around.note(car, { kind: "display", notice: known ? notice : null, option: option ?? null, reason })
  if (judged !== null) return
  state.lastNotice = { at: when, hash }
  car.notYetShown = waits ? { notice, option: option ?? null } : null // The newest is shown; an older one that waited is not.
  car.around.keep(car)
}

/** The car stands: what waited for that is shown now. */
export const showWhatWaited = (car: Car): void => {
  if (car.notYetShown === null) return
  car.around.note(car, { kind: "display", ...car.notYetShown, reason: null })
  car.notYetShown = null
}

export const hearAcknowledgement = (car: Car, text: string): void => {
  const heard = signedFor(car, "acknowledged", text)
  const { receiptId, counter } = heard.payload ?? {}
  const isNewest = car.newest !== null && receiptId === car.newest.receiptId && counter === car.newest.counter
  const reason = heard.reason ?? (isNewest ? (car.newest?.acknowledged ? "HeardBefore" : null) : "OtherReport")
  const told = heard.reason === null && typeof receiptId === "string" ? receiptId : null
  if (reason !== "HeardBefore") car.around.note(car, { kind: "acknowledged", receiptId: told, reason })
  if (reason === null) car.newest!.acknowledged = true
}

/** `payload` where somebody the car believes has signed it for this car. */
const signedFor = (car: Car, typ: "command" | "display" | "acknowledged", text: string) => {
  if (text.length > lengthLimit) return { payload: null, reason: "TooLong" }
  const open = car.element.open(typ, text)
  if ("reason" in open) return { payload: null, reason: open.reason }
  const payload = open.payload as any
  if (payload?.v !== 1) return { payload: null, reason: "UnknownVersion" }
  return payload.vin === car.vin ? { payload, reason: null } : { payload: null, reason: "OtherVehicle" }
}
