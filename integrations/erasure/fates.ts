/** What becomes of each class of somebody's data when they are erased, and why, in plain words. */
import type { Country } from "#machines/vocabulary.ts"
import { iso } from "../postgres/time.ts"
import { type PaperClass, retention } from "../retention/retention.ts"
import type { Fate } from "./erasure.ts"

/** The live keys of somebody's papers, class by class and country by country. */
export interface KeptPapers {
  readonly paperClass: PaperClass
  readonly country: Country
  readonly until: Date
}

const erased = (what: string, called: Fate["called"], because: Fate["because"]): Fate => ({
  what,
  called,
  outcome: "erased",
  until: null,
  because,
  law: null
})
const kept = (what: string, called: Fate["called"], because: Fate["because"], law: string | null = null): Fate => ({
  what,
  called,
  outcome: "kept",
  until: null,
  because,
  law
})

const atOnce = { es: "Nada nos obliga a guardarlo.", en: "Nothing obliges us to keep it." }

const always: ReadonlyArray<Fate> = [
  erased(
    "identity",
    { es: "nombre, dirección, correo, teléfono y número de identidad", en: "name, address, mail, telephone and identity number" },
    {
      es: "Se destruye la clave de sus datos: lo cifrado deja de poder leerse.",
      en: "The key of your data is destroyed: what is sealed cannot be read any more."
    }
  ),
  erased("access", { es: "acceso, contraseña, sesiones y enlaces", en: "account, password, sessions and links" }, atOnce),
  erased(
    "contact",
    { es: "preferencias, dispositivos y canales que no llegan", en: "preferences, devices and channels that do not reach" },
    atOnce
  )
]

const afterwards: ReadonlyArray<Fate> = [
  kept(
    "books",
    {
      es: "asientos, números de factura e historia de pedidos y servicios",
      en: "ledger entries, invoice numbers, and the history of orders and services"
    },
    {
      es: "Solo llevan un identificador: sin la clave de sus datos no nombran a nadie. Las cuentas tienen que seguir cuadrando.",
      en: "They bear an id alone: without the key of your data they name nobody. The books have to go on adding up."
    },
    "GDPR art. 17(3)(b); Código de Comercio art. 25, 30"
  ),
  kept(
    "vehicle",
    { es: "mediciones y configuración del coche", en: "what the car measured, and how it is set up" },
    {
      es: "Son del coche: no llevan lugar ni persona, y las mediciones desaparecen solas a los pocos días.",
      en: "They are the car's: no place and no person is in them, and measurements go by themselves after some days."
    }
  ),
  kept(
    "evidence",
    { es: "registro de seguridad y de consultas del personal", en: "log of security, and of looks by staff" },
    { es: "Prueban cómo se trataron sus datos, con un identificador.", en: "They show how your data were treated, by an id." },
    "GDPR art. 5(2)"
  ),
  kept(
    "recipients",
    {
      es: "lo que recibieron la autoridad de matriculación y el transportista",
      en: "what the registration authority and the carrier were given"
    },
    {
      es: "Lo guardan por su propia ley. Pídalo también allí.",
      en: "They keep it under their own law. Ask there, too."
    },
    "GDPR art. 19"
  )
]

/** Whatever there is of papers, in the order of the table of retention. */
export const fatesOf = (papers: ReadonlyArray<KeptPapers>): ReadonlyArray<Fate> => [
  ...always,
  ...(Object.keys(retention) as Array<PaperClass>).flatMap((paperClass): ReadonlyArray<Fate> => {
    const { called, onErasure, terms } = retention[paperClass]
    const some = papers.filter((one) => one.paperClass === paperClass)
    if (some.length === 0) return []
    if (onErasure === "gone") return [erased(paperClass, called, atOnce)]
    const laws = [...new Set(some.map(({ country }) => terms[country].law))].sort()
    return [
      {
        what: paperClass,
        called,
        outcome: "kept",
        until: iso(Math.max(...some.map(({ until }) => until.getTime()))),
        because: {
          es: "La ley nos obliga a conservarlos. Quedan cifrados bajo una clave propia, que se destruye ese día.",
          en: "The law obliges us to keep them. They stay sealed under a key of their own, which is destroyed on that day."
        },
        law: laws.join("; ")
      }
    ]
  }),
  ...afterwards
]
