/** Invented people, named by role and number so that nobody mistakes them for somebody. Their numbers are well-formed and belong to nobody we know. */
import type { PersonalData } from "#integrations/persons/persons.ts"
import type { Country } from "#machines/vocabulary.ts"

const homes: Readonly<Record<Country, { readonly nationalId: string | null; readonly city: string; readonly postalCode: string }>> =
  {
    ES: { nationalId: "12345678Z", city: "Madrid", postalCode: "28001" },
    DE: { nationalId: "L01X00T47", city: "Berlin", postalCode: "10115" },
    FR: { nationalId: null, city: "Lyon", postalCode: "69001" },
    PT: { nationalId: "123456789", city: "Porto", postalCode: "4000-001" },
    IT: { nationalId: "RSSMRA85T10A562S", city: "Torino", postalCode: "10121" }
  }

/** "Customer 1" lives in `country` and reads English. */
export const persona = (name: string, country: Country = "ES"): PersonalData => {
  const { nationalId, city, postalCode } = homes[country]
  return {
    name,
    email: `${name.toLowerCase().replaceAll(" ", ".")}@story.example`,
    phone: null,
    nationalId,
    address: { street: "Calle de la Prueba 1", city, postalCode, country },
    language: "en"
  }
}
