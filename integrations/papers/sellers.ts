/** Who we are where we sell: what stands at the head and the foot of every paper. All of it is assumed. */
import type { Country } from "#machines/vocabulary.ts"

export interface Seller {
  readonly name: string
  readonly taxNumber: string
  readonly street: string
  readonly town: string
  /** Where the company is entered, as its country's law asks papers to say. */
  readonly register: string
}

export const sellers: Readonly<Record<Country, Seller>> = {
  ES: {
    name: "CaaS Movilidad España, S.L.U.",
    taxNumber: "B87654323",
    street: "Paseo de la Castellana 200",
    town: "28046 Madrid, España",
    register: "R. M. de Madrid, tomo 40100, folio 12, hoja M-712345"
  },
  DE: {
    name: "CaaS Mobilität Deutschland GmbH",
    taxNumber: "DE312345671",
    street: "Friedrichstraße 110",
    town: "10117 Berlin, Deutschland",
    register: "Amtsgericht Charlottenburg, HRB 201234 B"
  },
  FR: {
    name: "CaaS Mobilité France SAS",
    taxNumber: "FR40812345674",
    street: "12 rue de la République",
    town: "69002 Lyon, France",
    register: "RCS Lyon 812 345 674"
  },
  PT: {
    name: "CaaS Mobilidade Portugal, Lda.",
    taxNumber: "PT514234569",
    street: "Avenida da Boavista 1500",
    town: "4100-114 Porto, Portugal",
    register: "C. R. C. do Porto 514234569"
  },
  IT: {
    name: "CaaS Mobilità Italia S.r.l.",
    taxNumber: "IT12345670017",
    street: "Corso Vittorio Emanuele II 80",
    town: "10121 Torino, Italia",
    register: "R. I. di Torino, REA TO-1234567"
  }
}
