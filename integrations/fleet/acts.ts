/** What can be done to a car from outside: `POST /_simulator/acts {act, vin, …}`. */
import type { Car } from "./car.ts"

type Detail = Readonly<Record<string, unknown>>

const numberOf = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise)

export const acts: Readonly<Record<string, (car: Car, detail: Detail) => unknown>> = {
  sleep: (car) => car.reach(false, car.inRange),
  wake: (car) => car.reach(true, car.inRange),
  garage: (car) => car.reach(car.awake, false),
  returnFromGarage: (car) => car.reach(car.awake, true),
  drive: (car) => car.drive(),
  park: (car) => car.park(),
  reboot: (car) => car.reboot(),
  restoreFlash: (car, { back }) => car.restoreFlash(numberOf(back, 1)),
  setClock: (car, { millis }) => car.setClock(numberOf(millis, 0)),
  failBeforeAnswering: (car) => {
    car.failsBeforeAnswering = true
  },
  obeySlowly: (car, { millis }) => {
    car.slowMillis = numberOf(millis, 0)
  },
  loseNext: (car, { count }) => {
    car.losing = numberOf(count, 1)
  },
  loseNextReports: (car, { count }) => {
    car.losingReports = numberOf(count, 1)
  },
  repeat: (car) => car.repeat(),
  showPairingCode: (car) => ({ code: car.showPairingCode() }),
  /** `envelope` as the platform hands it to the phone; the answer's `receipt` is for the platform. */
  carry: (car, { envelope }) => ({ receipt: car.carry(JSON.stringify(envelope)) })
}
